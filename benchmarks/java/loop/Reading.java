package loop;

import java.io.IOException;
import java.time.LocalDate;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** A reading, filled anew from each JSON object. */
final class Reading {
    String name;
    /** Event time, in milliseconds since 1970. */
    long time;

    double distance;
    int magic;
    int health;

    /** Reads the fields of the object at whose beginning the parser stands. */
    void read(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "Name" -> name = parser.getText();
                case "StatusTime" -> time = milliseconds(parser.getText());
                case "Distance" -> distance = parser.getDoubleValue();
                case "MagicPoints" -> magic = parser.getIntValue();
                case "HealthPoints" -> health = parser.getIntValue();
                default -> parser.skipChildren();
            }
        }
    }

    /** A time such as 2026-01-01 00:00:00.000. */
    private static long milliseconds(String text) {
        long day = LocalDate.of(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)).toEpochDay();
        long minute = (day * 24 + digits(text, 11, 13)) * 60 + digits(text, 14, 16);
        return (minute * 60 + digits(text, 17, 19)) * 1000 + digits(text, 20, 23);
    }

    private static int digits(String text, int begin, int end) {
        int value = 0;
        for (int at = begin; at < end; at++) {
            value = value * 10 + text.charAt(at) - '0';
        }
        return value;
    }
}
