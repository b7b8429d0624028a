package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.NumberInput;

/** DOUBLE: any JSON number, as the nearest double; but none so large that this is infinite. */
final class DoubleType implements ColumnType {
    @Override
    public Object value(JsonToken token, String text) {
        if (!token.isNumeric()) {
            return null;
        }
        Double nearest = NumberInput.parseDouble(text, true);
        return nearest.isInfinite() ? null : nearest;
    }

    @Override
    public String expected() {
        return "DOUBLE";
    }

    @Override
    public String hint(JsonToken token, String text) {
        return token.isNumeric() ? "it is beyond the largest DOUBLE, 1.7976931348623157E308" : Numbers.hint(token, text);
    }
}
