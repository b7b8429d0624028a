package streaming;

import java.nio.charset.StandardCharsets;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;

/** A type that a column can have: which JSON values stand for its values, and what to say of others. */
interface ColumnType {
    /** The value in Flink's internal form, nothing rounded; null if the token stands for none. {@code null} is none. */
    Object value(JsonToken token, String text);

    /** The same for the bytes of a token in UTF-8 from one place to before another: a text without quotes and escapes. */
    default Object value(JsonToken token, byte[] line, int from, int to) {
        return value(token, new String(line, from, to - from, StandardCharsets.UTF_8));
    }

    /** The type, and the shape of its values where the type does not say it. */
    String expected();

    /** How the sender may mend a value that stands for none, without an end mark; null if nothing can be said. */
    String hint(JsonToken token, String text);

    /** The type for one of Flink's; those that {@link Columns} lets pass. */
    static ColumnType of(LogicalType type) {
        switch (type.getTypeRoot()) {
            case VARCHAR:
                return new TextType();
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return new TimestampType();
            case BOOLEAN:
                return new BooleanType();
            case INTEGER:
                return WholeNumberType.INT;
            case BIGINT:
                return WholeNumberType.BIGINT;
            case DOUBLE:
                return new DoubleType();
            case DECIMAL:
                return new DecimalNumberType((DecimalType) type);
            default:
                throw new IllegalArgumentException("No JSON value stands for " + type.asSummaryString() + ".");
        }
    }
}
