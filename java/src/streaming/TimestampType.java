package streaming;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.TimestampData;

/** TIMESTAMP(3): a JSON string of the shape {@code yyyy-MM-dd HH:mm:ss[.SSS]}, with one to three digits of a second. */
final class TimestampType implements ColumnType {
    private static final String SHAPE = "yyyy-MM-dd HH:mm:ss[.SSS]";
    private static final String LONGEST = "0000-00-00 00:00:00.000"; // 0 stands for a digit
    private static final int SHORTEST = 19; // without digits of a second, and without their point
    private static final int MAX_HINTED = 64; // characters; more are no time in any shape

    /** What is often sent in place of the shape, and what to do about it; the first that matches is said. */
    private static final Map<Pattern, String> OTHER_SHAPES = new LinkedHashMap<>();

    static {
        other("\\s*", "it is empty");
        other("\\s.*|.*\\s", "leave out the space around it");
        other("[-+]?\\d+(\\.\\d+)?", "seconds or milliseconds since 1970 are not read");
        other("\\d{4}-\\d\\d-\\d\\d", "the time of day is missing");
        other("\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d", "the seconds are missing");
        other(".*\\d ?([Zz]|UTC|GMT|[-+]\\d\\d(:?\\d\\d)?)", "write it in UTC, without a zone, and with a space in place of T");
        other("\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d.*", "write a space in place of T");
        other("\\d{4}[/.]\\d\\d[/.]\\d\\d .*", "write dashes in the date");
        other(".*:\\d\\d,\\d+", "write a point before the digits of a second");
        other(".*:\\d\\d\\.\\d{4,}", "write at most three digits of a second");
        other(".*:\\d\\d\\.", "write digits after the point, or no point");
        other("0000-.*", "years begin at 0001");
        other("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?", "there is no such date or time of day");
        other("\\d{4}-\\d{1,2}-\\d{1,2} \\d{1,2}:\\d{1,2}:\\d{1,2}.*", "write two digits each, as in 01");
    }

    private static void other(String pattern, String hint) {
        OTHER_SHAPES.put(Pattern.compile(pattern), hint);
    }

    @Override
    public Object value(JsonToken token, String text) {
        return token == JsonToken.VALUE_STRING && hasShape(text) ? timestamp(text) : null;
    }

    private static boolean hasShape(String text) {
        int length = text.length();
        if (length < SHORTEST || length == SHORTEST + 1 || length > LONGEST.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char shape = LONGEST.charAt(i);
            char c = text.charAt(i);
            if (shape == '0' ? c < '0' || c > '9' : c != shape) {
                return false;
            }
        }
        return true;
    }

    private static TimestampData timestamp(String text) {
        int year = number(text, 0, 4);
        if (year == 0) {
            return null;
        }
        try {
            LocalDateTime time =
                    LocalDateTime.of(
                            year,
                            number(text, 5, 7),
                            number(text, 8, 10),
                            number(text, 11, 13),
                            number(text, 14, 16),
                            number(text, 17, 19),
                            number(text, 20, 23) * 1_000_000);
            return TimestampData.fromLocalDateTime(time);
        } catch (DateTimeException e) { // 30 February
            return null;
        }
    }

    /** The digits from one place to before another; those after the text's end are zeros. */
    private static int number(String text, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            number = number * 10 + (i < text.length() ? text.charAt(i) - '0' : 0);
        }
        return number;
    }

    @Override
    public String expected() {
        return "TIMESTAMP(3) as " + SHAPE;
    }

    @Override
    public String hint(JsonToken token, String text) {
        if (token.isNumeric()) {
            return "seconds or milliseconds since 1970 are not read";
        }
        if (token != JsonToken.VALUE_STRING || text.length() > MAX_HINTED) {
            return null;
        }
        for (Map.Entry<Pattern, String> other : OTHER_SHAPES.entrySet()) {
            if (other.getKey().matcher(text).matches()) {
                return other.getValue();
            }
        }
        return null;
    }
}
