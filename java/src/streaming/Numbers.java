package streaming;

import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** What the columns of numbers say of a value that is no number. */
final class Numbers {
    private static final Pattern NUMBER = Pattern.compile("\\s*[-+]?[0-9.,]*[0-9]([eE][-+]?[0-9]+)?\\s*");

    private Numbers() {}

    /** How to mend it, or null. */
    static String hint(JsonToken token, String text) {
        boolean isInQuotes = token == JsonToken.VALUE_STRING && text.length() <= 64 && NUMBER.matcher(text).matches();
        return isInQuotes ? "write the number without quotes" : null;
    }
}
