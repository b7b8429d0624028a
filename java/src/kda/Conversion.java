package kda;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.api.ValidationException;

/**
 * A type of Kinesis Data Analytics: which values of a record become its values. A value is a JSON token with its text;
 * of an object or array, the text is its source. A cell of CSV is a JSON string.
 */
interface Conversion {
    /** The value in Flink's internal form; null if it cannot be converted. {@code null} is none of the tokens. */
    Object value(JsonToken token, String text);

    /** The type, and the shape of its values where the type does not say it. */
    String expected();

    /** What is wrong with a value that cannot be converted, without an end mark; null if nothing is to be said. */
    String hint(JsonToken token, String text);

    /** The type of Flink SQL. */
    String flink();

    /**
     * The type of a name and of what stands in its parentheses, which is null without them.
     *
     * @throws ValidationException if there is none
     */
    static Conversion of(String name, String inParentheses) {
        int[] sizes = sizes(inParentheses);
        String upper = name.toUpperCase(Locale.ROOT);
        switch (upper + " " + sizes.length) {
            case "TINYINT 0":
                return Whole.TINYINT;
            case "SMALLINT 0":
                return Whole.SMALLINT;
            case "INTEGER 0":
                return Whole.INTEGER;
            case "BIGINT 0":
                return Whole.BIGINT;
            case "REAL 0":
            case "DOUBLE 0":
                return new Floating(upper);
            case "DECIMAL 0":
                return new Fixed(Fixed.DEFAULT_PRECISION, 0);
            case "DECIMAL 1":
                return new Fixed(sizes[0], 0);
            case "DECIMAL 2":
                return new Fixed(sizes[0], sizes[1]);
            case "BOOLEAN 0":
                return new Truth();
            case "VARCHAR 0":
            case "CHAR 0":
                return new Text(upper, Integer.MAX_VALUE);
            case "VARCHAR 1":
            case "CHAR 1":
                return new Text(upper, sizes[0]);
            case "VARBINARY 1":
            case "BINARY 1":
                return new Binary(upper, sizes[0]);
            case "DATE 0":
                return Moment.DATE;
            case "TIME 0":
                return Moment.TIME;
            case "TIMESTAMP 0":
                return Moment.TIMESTAMP;
            default:
                throw new ValidationException(
                        "kda_rows takes the types TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, DECIMAL(p, s),"
                                + " BOOLEAN, VARCHAR(n), CHAR(n), VARBINARY(n), BINARY(n),"
                                + " DATE, TIME and TIMESTAMP, not: "
                                + name
                                + (inParentheses == null ? "" : "(" + inParentheses + ")"));
        }
    }

    private static int[] sizes(String inParentheses) {
        if (inParentheses == null) {
            return new int[0];
        }
        Matcher sizes = Pattern.compile("\\s*(\\d{1,9})\\s*(?:,\\s*(\\d{1,9})\\s*)?").matcher(inParentheses);
        if (!sizes.matches()) {
            return new int[3]; // as no type has
        }
        int first = Integer.parseInt(sizes.group(1));
        return sizes.group(2) == null ? new int[] {first} : new int[] {first, Integer.parseInt(sizes.group(2))};
    }
}
