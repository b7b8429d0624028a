package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.StringData;

/** STRING: a JSON string of whole characters. JSON can escape half of a surrogate pair, which UTF-8 cannot write. */
final class TextType implements ColumnType {
    @Override
    public Object value(JsonToken token, String text) {
        return token == JsonToken.VALUE_STRING && Surrogates.arePaired(text) ? StringData.fromString(text) : null;
    }

    @Override
    public Object value(JsonToken token, byte[] line, int from, int to) { // UTF-8 has no halves of pairs
        return token == JsonToken.VALUE_STRING ? StringData.fromBytes(line, from, to - from) : null;
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
