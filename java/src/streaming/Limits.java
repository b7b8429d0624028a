package streaming;

import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/**
 * What a record may have at most: the limits of newer Jacksons, whatever the Jackson here has, so that a record is the
 * same everywhere.
 */
public final class Limits {
    static final int MAX_BYTES = 20_000_000; // of a record
    static final int MAX_DEPTH = 1_000; // of objects and arrays in each other
    public static final int MAX_NUMBER = 1_000; // characters
    static final int MAX_KEY = 50_000; // characters
    private static final int MAX_ROWS = 100_000; // of a record
    private static final int MAX_VALUES = 1_000_000; // of its rows together

    static final String TOO_DEEP = "is nested over " + MAX_DEPTH + " deep";
    static final String NUMBER_TOO_LONG = "has a number of over " + MAX_NUMBER + " characters";
    static final String KEY_TOO_LONG = "has a key of over " + MAX_KEY + " characters";

    private Limits() {}

    /**
     * Looks at how many rows a record makes, which are all in memory at once.
     *
     * @throws Refusal beyond a limit
     */
    public static void check(int rows, int columns) throws Refusal {
        if (rows > MAX_ROWS || (long) rows * columns > MAX_VALUES) {
            throw new Refusal(
                    "makes over " + Math.min(MAX_ROWS, MAX_VALUES / columns) + " rows of " + columns + " columns");
        }
    }

    /**
     * Looks at the token that the parser has come to, which is so many objects and arrays deep.
     *
     * @throws Refusal beyond a limit
     */
    public static void check(JsonParser parser, JsonToken token, int depth) throws Refusal, IOException {
        if (depth > MAX_DEPTH) {
            throw new Refusal(TOO_DEEP);
        }
        if (token == JsonToken.FIELD_NAME && parser.getTextLength() > MAX_KEY) {
            throw new Refusal(KEY_TOO_LONG);
        }
        if (token.isNumeric() && parser.getTextLength() > MAX_NUMBER) {
            throw new Refusal(NUMBER_TOO_LONG);
        }
    }
}
