package reference;

import aws.OpenedFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.util.Collector;

/**
 * Emits each line as the rows that the table's format makes of it, and notes in the object's state that it did. A mark
 * is a row whose first column has its text, and whose others are NULL; that of a block has a block of the first columns.
 */
final class LineRows implements RecordEmitter<Line, RowData, ObjectState> {
    private final DeserializationSchema<RowData> format;
    private final Metadata[] metadata;
    private final ObjectName name;
    private final int columns; // of the format
    private final Counter bytes;
    private final Rows rows = new Rows();

    LineRows(
            DeserializationSchema<RowData> format,
            List<Metadata> metadata,
            ObjectName name,
            int columns,
            SourceReaderContext context) {
        this.format = OpenedFormat.of(format, context);
        this.metadata = metadata.toArray(new Metadata[0]);
        this.name = name;
        this.columns = columns;
        this.bytes = context.metricGroup().getIOMetricGroup().getNumBytesInCounter();
    }

    @Override
    public void emitRecord(Line line, SourceOutput<RowData> output, ObjectState object) throws Exception {
        rows.of(line, output);
        if (line.mark == null) {
            bytes.inc(line.content.length);
            format.deserialize(line.content, rows);
        } else {
            rows.collect(mark(line.mark == Mark.LINES ? block(line.content) : line.content));
        }
        object.emitted(line);
    }

    private RowData mark(byte[] content) {
        GenericRowData row = new GenericRowData(columns);
        row.setField(0, content);
        return row;
    }

    /** The block of the rows that the format makes of the lines of a block. */
    private byte[] block(byte[] lines) throws IOException {
        bytes.inc(lines.length);
        Block block = new Block();
        for (byte[] line : Block.lines(lines)) {
            List<RowData> made = new ArrayList<>();
            format.deserialize(line, new ListCollector<>(made));
            made.forEach(row -> block.add(row.getBinary(0)));
        }
        return block.bytes();
    }

    /** The rows of the line at hand, each with the metadata behind its columns. */
    private final class Rows implements Collector<RowData> {
        private SourceOutput<RowData> output;
        private GenericRowData behind;

        void of(Line line, SourceOutput<RowData> to) {
            output = to;
            behind = new GenericRowData(metadata.length);
            for (int i = 0; i < metadata.length; i++) {
                behind.setField(i, metadata[i].of(line, name));
            }
        }

        @Override
        public void collect(RowData row) {
            output.collect(metadata.length == 0 ? row : new JoinedRowData(row.getRowKind(), row, behind));
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
