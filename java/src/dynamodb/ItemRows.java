package dynamodb;

import aws.AwsFailure;
import aws.Rows;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Rows as writes of whole items, numbered in their order. */
final class ItemRows implements Rows<ItemWrite> {
    private static final long serialVersionUID = 1L;

    private final RowType columns;
    private final ItemKey key;
    private final String table;
    private transient Attributes.Fields fields;
    private transient long next;

    /** Throws IllegalArgumentException, with a sentence, for a type that there is not. */
    ItemRows(RowType columns, ItemKey key, String table) {
        this.columns = columns;
        this.key = key;
        this.table = table;
        this.fields = new Attributes.Fields(columns);
    }

    @Override
    public void prepare(WriterInitContext context, List<ItemWrite> kept) {
        fields = new Attributes.Fields(columns);
        next = kept.stream().mapToLong(write -> write.number + 1).max().orElse(0);
    }

    /** Throws AwsFailure for a row that the table never takes. */
    @Override
    public ItemWrite apply(RowData row, SinkWriter.Context context) {
        boolean isDelete = row.getRowKind() == RowKind.DELETE;
        Map<String, AttributeValue> item = attributes(row, isDelete);
        Map<String, AttributeValue> keys = key.of(item);
        ItemWrite write = new ItemWrite(key.text(keys), next++, isDelete, item);
        requireShort(write);
        return write;
    }

    private void requireShort(ItemWrite write) {
        if (write.bytes() <= ItemSize.MOST_STORED) {
            return; // an item is never longer where it is stored
        }
        long bytes = ItemSize.stored(write.attributes);
        if (bytes > ItemSize.MOST_STORED) {
            throw new AwsFailure(
                    "A row for the table " + table + " has " + bytes + " bytes: an item has "
                            + ItemSize.MOST_STORED + " at most. Write shorter values.");
        }
    }

    private Map<String, AttributeValue> attributes(RowData row, boolean isDelete) {
        try {
            return isDelete ? fields.of(row, key.columns) : fields.of(row);
        } catch (IllegalArgumentException e) {
            throw new AwsFailure(
                    "A row for the table " + table + " has " + e.getMessage() + ". Replace it in the query.");
        }
    }
}
