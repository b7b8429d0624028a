package kinesis;

import aws.FormattedRows;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;

/** Rows as records. */
final class KinesisRecords extends FormattedRows<KinesisRecord> {
    private static final long serialVersionUID = 1L;

    private final PartitionKeys keys;

    KinesisRecords(SerializationSchema<RowData> format, PartitionKeys keys) {
        super(format);
        this.keys = keys;
    }

    @Override
    public void prepare(WriterInitContext context, List<KinesisRecord> kept) {
        super.prepare(context, kept);
        keys.open(context.getTaskInfo().getIndexOfThisSubtask());
    }

    @Override
    protected KinesisRecord entry(RowData row, byte[] data) {
        return new KinesisRecord(keys.of(row), data);
    }
}
