package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;

/** What is said of a record that could not be read: the rest of a sentence that begins with "The record". */
public final class Unread {
    private Unread() {}

    /** For whatever was thrown. */
    public static String reason(Throwable thrown) {
        if (thrown instanceof Refusal) {
            return thrown.getMessage();
        }
        if (thrown instanceof JsonProcessingException) {
            return SyntaxError.reason((JsonProcessingException) thrown);
        }
        return "cannot be read: " + thrown.getClass().getSimpleName(); // none is known
    }
}
