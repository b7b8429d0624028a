package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.StringData;

/** STRING: a JSON string of whole characters. JSON can escape half of a surrogate pair, which UTF-8 cannot write. */
final class TextType implements ColumnType {
    @Override
    public Object value(JsonToken token, String text) {
        return token == JsonToken.VALUE_STRING && isWhole(text) ? StringData.fromString(text) : null;
    }

    private static boolean isWhole(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                boolean isPair = i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
                if (!isPair) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    @Override
    public String expected() {
        return "STRING";
    }

    @Override
    public String hint(JsonToken token, String text) {
        if (token == JsonToken.VALUE_STRING) {
            return "half of a surrogate pair is no character";
        }
        return token.isScalarValue() ? "a text stands in quotes" : null;
    }
}
