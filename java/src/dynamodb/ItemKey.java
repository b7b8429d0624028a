package dynamodb;

import aws.AwsFailure;
import aws.AwsOptions;
import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** The key of a table: which of an item's attributes tell it from other items. */
final class ItemKey implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 2048; // bytes of a partition key
    private static final int LONGEST_SORT = 1024; // of a sort key, the second

    final List<String> columns;
    private final String table;

    /** Throws IllegalArgumentException for a column whose values are no key. */
    ItemKey(List<String> columns, RowType row, String table) {
        this.columns = new ArrayList<>(columns);
        this.table = table;
        for (String column : columns) {
            LogicalType type = row.getTypeAt(row.getFieldIndex(column));
            AwsOptions.require(
                    Attributes.isKey(type),
                    "PARTITIONED BY names " + column + ", which is " + type
                            + ": a key of DynamoDB is text, a number or bytes.");
        }
    }

    /** The attributes of the key. Throws AwsFailure for a value that cannot be one. */
    Map<String, AttributeValue> of(Map<String, AttributeValue> item) {
        Map<String, AttributeValue> key = new LinkedHashMap<>();
        for (String column : columns) {
            AttributeValue value = item.get(column);
            if (value == null) {
                throw failure("NULL", column, "leave such rows out by WHERE, or give them a key");
            }
            int bytes = bytes(value);
            int longest = key.isEmpty() ? LONGEST : LONGEST_SORT;
            if (bytes == 0 || bytes > longest) {
                throw failure(bytes + " bytes", column, "it must have from 1 to " + longest);
            }
            key.put(column, value);
        }
        return key;
    }

    private AwsFailure failure(String what, String column, String remedy) {
        return new AwsFailure(
                "A row for the table " + table + " has " + what + " in " + column + ", a part of its key: " + remedy
                        + ".");
    }

    private static int bytes(AttributeValue value) {
        switch (value.type()) {
            case S:
                return value.s().getBytes(StandardCharsets.UTF_8).length;
            case B:
                return value.b().asByteArrayUnsafe().length;
            default:
                return 1; // any number
        }
    }

    /** Equal for equal keys, however their numbers are written. */
    String text(Map<String, AttributeValue> attributes) {
        StringBuilder text = new StringBuilder();
        for (String column : columns) {
            String value = text(attributes.get(column));
            text.append(value.length()).append(':').append(value);
        }
        return text.toString();
    }

    private static String text(AttributeValue value) {
        switch (value.type()) {
            case S:
                return value.s();
            case N:
                return new BigDecimal(value.n()).stripTrailingZeros().toString();
            default:
                return new String(value.b().asByteArrayUnsafe(), StandardCharsets.ISO_8859_1);
        }
    }
}
