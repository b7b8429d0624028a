package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.utils.EncodingUtils;

/** How a message shows what somebody sent: printable ASCII in one line, and never much of it. */
public final class Shown {
    private static final int MAX_SENT = 32; // characters of what was sent
    private static final int MAX_SHOWN = 64; // characters of the message, as an escape takes six for one

    private Shown() {}

    /** A JSON value, a text in quotes, of an object or array the bracket only. */
    public static String of(JsonToken token, String text) {
        if (token == JsonToken.VALUE_STRING) {
            return '"' + start(text) + '"';
        }
        return token.isStructStart() ? start(text) + "…" : start(text);
    }

    /** A key: as it stands if it is a word, else in quotes. */
    public static String key(String key) {
        return key.matches("[A-Za-z0-9_]{1,32}") ? key : '"' + start(key) + '"';
    }

    /** A text as it stands. */
    public static String text(String text) {
        return start(text);
    }

    private static String start(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            String next = escape(text.charAt(i));
            if (i == MAX_SENT || shown.length() + next.length() > MAX_SHOWN) {
                return shown + "…";
            }
            shown.append(next);
        }
        return shown.toString();
    }

    private static String escape(char c) {
        return c == 0x7F ? "\\u007F" : EncodingUtils.escapeJava(String.valueOf(c)); // which leaves out this one
    }
}
