package streaming;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** The text of a record, and what it is in place of a JSON object in UTF-8. */
public final class RecordText {
    /** Why a record is refused that has something after its object. */
    public static final String GOES_ON =
            "goes on after the JSON object: send one object a record, or several with white space between";

    private RecordText() {}

    /**
     * Decodes UTF-8 as the standard has it: without a byte order mark, overlong forms or surrogates.
     *
     * @throws Refusal with the format's name, if it is a known one
     */
    public static String of(byte[] line) throws Refusal {
        checkLength(line);
        ForeignFormat foreign = ForeignFormat.of(line);
        Refusal.unless(foreign == null, foreign == null ? null : foreign.reason);
        return decoded(line);
    }

    /**
     * As {@link #of} for a text of any form, which may begin like a known format: only the byte order mark is refused.
     *
     * @throws Refusal if it is no UTF-8
     */
    public static String ofAnyForm(byte[] line) throws Refusal {
        checkLength(line);
        String text = decoded(line);
        Refusal.unless(!text.startsWith("\uFEFF"), ForeignFormat.UTF_8_MARK.reason);
        return text;
    }

    private static void checkLength(byte[] line) throws Refusal {
        Refusal.unless(line != null, "is NULL");
        Refusal.unless(line.length <= Limits.MAX_BYTES, "is over " + Limits.MAX_BYTES + " bytes long");
    }

    private static String decoded(byte[] line) throws Refusal {
        String text = new String(line, StandardCharsets.UTF_8); // which replaces what is not UTF-8
        int broken = Arrays.mismatch(line, text.getBytes(StandardCharsets.UTF_8));
        Refusal.unless(broken < 0, broken < 0 ? null : "is not UTF-8 after byte " + broken);
        return text;
    }

    /** Why a text that begins with this token is refused; null: with none. */
    public static String isNoObject(JsonToken start, String text) {
        if (start == null) {
            return text.isEmpty() ? "is empty" : "is empty: it has white space only";
        }
        String reason = "is not a JSON object";
        if (start == JsonToken.START_ARRAY && text.matches("(?s)\\s*+\\[\\s*+\\{.*")) {
            return reason + " but an array of them: send each as a record of its own";
        }
        if (start == JsonToken.VALUE_STRING && text.matches("(?s)\\s*+\"\\s*+\\{.*")) {
            return reason + " but a text that holds one: it was encoded twice";
        }
        return reason;
    }
}
