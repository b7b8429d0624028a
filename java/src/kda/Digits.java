package kda;

import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import streaming.Limits;

/** The number that a value stands for. */
final class Digits {
    private static final Pattern NUMBER =
            Pattern.compile("[-+]?(?:[0-9]++(?:\\.[0-9]*+)?|\\.[0-9]++)(?:[eE][-+]?[0-9]++)?");

    private Digits() {}

    /** Of a number, its text; of a text that is one, that without blanks around; of true and false 1 and 0; or null. */
    static String of(JsonToken token, String text) {
        switch (token) {
            case VALUE_NUMBER_INT:
            case VALUE_NUMBER_FLOAT:
                return text;
            case VALUE_TRUE:
                return "1";
            case VALUE_FALSE:
                return "0";
            case VALUE_STRING:
                String inside = text.length() > Limits.MAX_NUMBER ? "" : text.strip();
                return NUMBER.matcher(inside).matches() ? inside : null;
            default:
                return null;
        }
    }
}
