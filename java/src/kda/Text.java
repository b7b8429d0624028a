package kda;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.StringData;
import streaming.Surrogates;

/**
 * VARCHAR(n) and CHAR(n): a text; of whatever else, its source. What is longer is cut. Only a text with half a
 * character, which JSON can escape, cannot be converted.
 */
final class Text implements Conversion {
    private final String name;
    private final int length; // characters; the largest int without a limit

    Text(String name, int length) {
        if (length < 1) {
            throw new ValidationException(name + "(n) has n from 1, not: " + length);
        }
        this.name = name;
        this.length = length;
    }

    @Override
    public Object value(JsonToken token, String text) {
        return Surrogates.arePaired(text) ? StringData.fromString(cut(text)) : null;
    }

    private String cut(String text) {
        boolean isShort = text.length() <= length || text.codePointCount(0, text.length()) <= length;
        return isShort ? text : text.substring(0, text.offsetByCodePoints(0, length));
    }

    @Override
    public String expected() {
        return length == Integer.MAX_VALUE ? name : name + "(" + length + ")";
    }

    @Override
    public String hint(JsonToken token, String text) {
        return "half of a surrogate pair is no character";
    }

    @Override
    public String flink() {
        return length == Integer.MAX_VALUE ? "STRING" : "VARCHAR(" + length + ")";
    }
}
