package streaming;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** The text of a record, and what it is in place of a JSON object in UTF-8. */
final class RecordText {
    private RecordText() {}

    /**
     * Decodes UTF-8 as the standard has it: without a byte order mark, overlong forms or surrogates.
     *
     * @throws Refusal with the format's name, if it is a known one
     */
    static String of(byte[] line) throws Refusal {
        Refusal.unless(line != null, "is NULL");
        Refusal.unless(line.length <= RecordReader.MAX_BYTES, "is over " + RecordReader.MAX_BYTES + " bytes long");
        ForeignFormat foreign = ForeignFormat.of(line);
        Refusal.unless(foreign == null, foreign == null ? null : foreign.reason);
        String text = new String(line, StandardCharsets.UTF_8); // which replaces what is not UTF-8
        int broken = Arrays.mismatch(line, text.getBytes(StandardCharsets.UTF_8));
        Refusal.unless(broken < 0, broken < 0 ? null : "is not UTF-8 after byte " + broken);
        return text;
    }

    /** Why a text that begins with this token is refused; null: with none. */
    static String isNoObject(JsonToken start, String text) {
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
