package kinesis;

import aws.AwsFailure;
import aws.AwsOptions;
import java.io.Serializable;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/** The partition key of each row: the value of a column as text, or drawn. */
final class PartitionKeys implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 256; // characters
    private static final int SHOWN = 40; // characters of a key that is too long
    private static final Set<LogicalTypeRoot> TYPES =
            Set.of(
                    LogicalTypeRoot.CHAR,
                    LogicalTypeRoot.VARCHAR,
                    LogicalTypeRoot.TINYINT,
                    LogicalTypeRoot.SMALLINT,
                    LogicalTypeRoot.INTEGER,
                    LogicalTypeRoot.BIGINT,
                    LogicalTypeRoot.DECIMAL);

    private final String call; // for sentences
    private final RowData.FieldGetter column; // null: keys are drawn
    private final boolean isFixed;
    private String fixed;

    private PartitionKeys(String call, RowData.FieldGetter column, boolean isFixed) {
        this.call = call;
        this.column = column;
        this.isFixed = isFixed;
    }

    /** isFixed: one key for all rows of a subtask, else another for each row. */
    static PartitionKeys drawn(boolean isFixed) {
        return new PartitionKeys(null, null, isFixed);
    }

    /** Throws IllegalArgumentException for a type whose values are no partition key. */
    static PartitionKeys of(String name, int index, LogicalType type, StreamName stream) {
        AwsOptions.require(
                TYPES.contains(type.getTypeRoot()),
                "PARTITIONED BY names " + name + ", which is " + type
                        + ": a partition key is text or a number that is not a floating-point number.");
        String call = "A row for " + stream + " has %s in " + name + ", its partition key: ";
        return new PartitionKeys(call, RowData.createFieldGetter(type, index), false);
    }

    void open(int subtask) {
        fixed = isFixed ? Integer.toString(subtask) : null;
    }

    /** Throws AwsFailure for NULL, and for a text that is no partition key. */
    String of(RowData row) {
        if (column == null) {
            return isFixed ? fixed : Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
        }
        Object value = column.getFieldOrNull(row);
        if (value == null) {
            throw new AwsFailure(String.format(call, "NULL") + "leave such rows out by WHERE, or give them a key.");
        }
        String key = value.toString();
        if (key.isEmpty() || key.length() > LONGEST) {
            String what = key.isEmpty() ? "an empty text" : key.length() + " characters";
            String begin = key.isEmpty() ? "" : " (it begins with '" + key.substring(0, SHOWN) + "')";
            throw new AwsFailure(String.format(call, what) + "it must have from 1 to " + LONGEST + begin + ".");
        }
        return key;
    }
}
