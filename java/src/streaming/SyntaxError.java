package streaming;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonLocation;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.JsonEOFException;

/** What is said of a text that is not JSON. Nothing of the text itself is in it. */
final class SyntaxError {
    /** A piece of Jackson's own message, and what it says to a sender. Another Jackson may word it otherwise. */
    private static final Map<String, String> HINTS = new LinkedHashMap<>();

    static {
        HINTS.put("Non-standard token", "NaN and Infinity are no JSON numbers");
        HINTS.put("(code 39)", "texts and keys stand in double quotes");
        HINTS.put("CTRL-CHAR, code 0)", "zero bytes are no part of JSON");
        HINTS.put("Illegal unquoted character", "control characters are escaped");
        HINTS.put("Leading zeroes", "a number has no leading zeros");
        HINTS.put("(non-standard) comment", "JSON has no comments");
    }

    /** The same for the limits of Jackson since 2.15, which stop it before {@link Limits} sees what is too long. */
    private static final Map<String, String> LIMITS = new LinkedHashMap<>();

    static {
        LIMITS.put("nesting depth", Limits.TOO_DEEP);
        LIMITS.put("Number value length", Limits.NUMBER_TOO_LONG);
        LIMITS.put("Name length", Limits.KEY_TOO_LONG);
        LIMITS.put("Name value length", Limits.KEY_TOO_LONG);
    }

    private SyntaxError() {}

    /** The rest of a sentence that begins with "The record". */
    static String reason(JsonProcessingException error) {
        JsonLocation location = error.getLocation();
        if (location == null) {
            String limit = find(LIMITS, error);
            return limit == null ? "is not JSON, or beyond a limit of the JSON parser" : limit;
        }
        String hint = error instanceof JsonEOFException ? "it is cut off" : find(HINTS, error);
        return "is not JSON at " + location.offsetDescription() + (hint == null ? "" : ": " + hint);
    }

    private static String find(Map<String, String> pieces, JsonProcessingException error) {
        String message = String.valueOf(error.getOriginalMessage());
        for (Map.Entry<String, String> piece : pieces.entrySet()) {
            if (message.contains(piece.getKey())) {
                return piece.getValue();
            }
        }
        return null;
    }
}
