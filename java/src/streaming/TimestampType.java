package streaming;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
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
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return value(token, bytes, 0, bytes.length);
    }

    @Override
    public Object value(JsonToken token, byte[] line, int from, int to) {
        return token == JsonToken.VALUE_STRING && hasShape(line, from, to - from) ? timestamp(line, from, to) : null;
    }

    private static boolean hasShape(byte[] line, int from, int length) {
        if (length < SHORTEST || length == SHORTEST + 1 || length > LONGEST.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char shape = LONGEST.charAt(i);
            byte c = line[from + i];
            if (shape == '0' ? c < '0' || c > '9' : c != shape) {
                return false;
            }
        }
        return true;
    }

    private static TimestampData timestamp(byte[] line, int from, int to) {
        int year = number(line, from, from + 4);
        int hour = number(line, from + 11, from + 13);
        int minute = number(line, from + 14, from + 16);
        int second = number(line, from + 17, from + 19);
        if (year == 0 || hour > 23 || minute > 59 || second > 59) {
            return null;
        }
        long day;
        try {
            day = LocalDate.of(year, number(line, from + 5, from + 7), number(line, from + 8, from + 10)).toEpochDay();
        } catch (DateTimeException e) { // 30 February
            return null;
        }
        long seconds = ((day * 24 + hour) * 60 + minute) * 60 + second;
        return TimestampData.fromEpochMillis(seconds * 1_000 + milliseconds(line, from + 20, to));
    }

    private static int number(byte[] line, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            number = number * 10 + line[i] - '0';
        }
        return number;
    }

    /** Of the digits of a second, none to three. */
    private static int milliseconds(byte[] line, int from, int to) {
        int milliseconds = 0;
        for (int i = from; i < from + 3; i++) {
            milliseconds = milliseconds * 10 + (i < to ? line[i] - '0' : 0);
        }
        return milliseconds;
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
