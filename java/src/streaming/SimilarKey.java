package streaming;

import java.io.IOException;
import java.util.Locale;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** Finds the key that a sender may have meant by one that is missing; for that, the record is read again. */
final class SimilarKey {
    private static final int MAX_LENGTH = 64; // of a key that is looked at

    private SimilarKey() {}

    /** The first key that is no column and differs from the name by case, spaces, underscores and dashes; or null. */
    static String find(JsonFactory json, String text, String name, Columns columns) throws IOException {
        String wanted = plain(name);
        try (JsonParser parser = json.createParser(text)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.getCurrentName();
                if (key.length() <= MAX_LENGTH && columns.number(key) < 0 && plain(key).equals(wanted)) {
                    return Shown.key(key);
                }
                parser.nextToken();
                parser.skipChildren();
            }
            return null;
        }
    }

    private static String plain(String key) {
        return key.replaceAll("[\\s_-]", "").toLowerCase(Locale.ROOT);
    }
}
