package kinesis;

import aws.OpenedFormat;
import java.util.List;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.util.Collector;

/** Emits each part as the rows that the table's format makes of it, and notes in the shard's state that it did. */
final class PartRows implements RecordEmitter<Part, RowData, ShardState> {
    private final DeserializationSchema<RowData> format;
    private final Metadata[] metadata;
    private final Counter records;
    private final Counter bytes;
    private final Rows rows = new Rows();

    PartRows(DeserializationSchema<RowData> format, List<Metadata> metadata, SourceReaderContext context) {
        this.format = OpenedFormat.of(format, context);
        this.metadata = metadata.toArray(new Metadata[0]);
        this.records = context.metricGroup().getIOMetricGroup().getNumRecordsInCounter();
        this.bytes = context.metricGroup().getIOMetricGroup().getNumBytesInCounter();
    }

    @Override
    public void emitRecord(Part part, SourceOutput<RowData> output, ShardState shard) throws Exception {
        if (part.isMark()) {
            records.dec(); // Flink has counted it
            shard.read(part.readTo);
            return;
        }
        bytes.inc(part.data.length);
        rows.of(part, output, shard);
        format.deserialize(part.data, rows);
        shard.emitted(part);
    }

    /** The rows of the part at hand, each with the metadata behind its columns. */
    private final class Rows implements Collector<RowData> {
        private SourceOutput<RowData> output;
        private GenericRowData behind;
        private ShardState shard;
        private long arrival;

        void of(Part part, SourceOutput<RowData> to, ShardState of) {
            output = to;
            shard = of;
            arrival = part.arrival.toEpochMilli();
            behind = new GenericRowData(metadata.length);
            for (int i = 0; i < metadata.length; i++) {
                behind.setField(i, metadata[i].of(part, shard));
            }
        }

        @Override
        public void collect(RowData row) {
            RowData whole = metadata.length == 0 ? row : new JoinedRowData(row.getRowKind(), row, behind);
            shard.row(whole, arrival);
            output.collect(whole, arrival);
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
