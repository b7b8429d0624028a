package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.types.logical.LogicalType;

/** A column: its name, whether a record must have it, and which JSON values stand for its values. */
final class Column {
    final String name;
    final boolean isRequired;
    private final ColumnType type;

    Column(String name, LogicalType type) {
        this.name = name;
        this.isRequired = !type.isNullable();
        this.type = ColumnType.of(type);
    }

    /** The value that a JSON token stands for, nothing rounded; null if it stands for none of this column. */
    Object value(JsonToken token, String text) {
        return type.value(token, text);
    }

    /** The same for the bytes of a plain token: a text has no escapes, and is without its quotes. */
    Object value(JsonToken token, byte[] line, int from, int to) {
        return type.value(token, line, from, to);
    }

    /** A sentence about a value that is there, but wrong. */
    String refuses(JsonToken token, String text) {
        String hint = token == JsonToken.VALUE_NULL ? null : type.hint(token, text);
        return sentence("is " + Shown.of(token, text), hint);
    }

    /** A sentence about a key that is there twice. */
    String isTwice() {
        return sentence("is there twice", null);
    }

    /** A sentence about a key that is missing; {@code similar} is a key that may be meant, or null. */
    String isMissing(String similar) {
        return sentence("is missing", similar == null ? null : "there is " + similar);
    }

    private String sentence(String verdict, String hint) {
        return name + " " + verdict + ", expected " + type.expected() + (hint == null ? "" : "; " + hint) + ".";
    }
}
