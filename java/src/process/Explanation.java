package process;

import com.amazon.randomcutforest.returntypes.DiVector;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonStringEncoder;

/** A score by column, as the JSON text that Kinesis Data Analytics gave. */
final class Explanation {
    private Explanation() {}

    /**
     * {"column": {"DIRECTION": "HIGH", "STRENGTH": "0.8567", "ATTRIBUTION_SCORE": "1.7447"}, ..} without blanks.
     *
     * <p>A column's dimensions in the shingle are summed. STRENGTH is the difference of what speaks for HIGH and for
     * LOW; LOW also stands where the two are equal, as while the forest learns.
     */
    static String of(DiVector attribution, List<String> names, boolean isDirected) {
        List<String> columns = new ArrayList<>();
        for (int column = 0; column < names.size(); column++) {
            double high = 0;
            double low = 0;
            for (int place = column; place < attribution.high.length; place += names.size()) {
                high += attribution.high[place];
                low += attribution.low[place];
            }
            String direction =
                    "\"DIRECTION\":\"%s\",\"STRENGTH\":\"%s\","
                            .formatted(high > low ? "HIGH" : "LOW", number(Math.abs(high - low)));
            String name = new String(JsonStringEncoder.getInstance().quoteAsString(names.get(column)));
            String share = "\"ATTRIBUTION_SCORE\":\"%s\"".formatted(number(high + low));
            columns.add("\"%s\":{%s%s}".formatted(name, isDirected ? direction : "", share));
        }
        return "{" + String.join(",", columns) + "}";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }
}
