package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** BOOLEAN: {@code true} or {@code false}. */
final class BooleanType implements ColumnType {
    @Override
    public Object value(JsonToken token, String text) {
        return token.isBoolean() ? Boolean.valueOf(token == JsonToken.VALUE_TRUE) : null;
    }

    @Override
    public String expected() {
        return "BOOLEAN";
    }

    @Override
    public String hint(JsonToken token, String text) {
        return token.isScalarValue() ? "write true or false, without quotes" : null;
    }
}
