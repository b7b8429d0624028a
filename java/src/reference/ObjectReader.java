package reference;

import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.table.data.RowData;

/** Reads the object, in the one subtask that it was given to; its state is what was emitted of it. */
final class ObjectReader extends SingleThreadMultiplexSourceReaderBase<Line, RowData, ObjectSplit, ObjectState> {
    ObjectReader(
            Supplier<SplitReader<Line, ObjectSplit>> fetcher,
            RecordEmitter<Line, RowData, ObjectState> rows,
            SourceReaderContext context) {
        super(fetcher, rows, context.getConfiguration(), context);
    }

    @Override
    protected void onSplitFinished(Map<String, ObjectState> finished) {
        // The coordinator has said already that no other comes.
    }

    @Override
    protected ObjectState initializedState(ObjectSplit split) {
        return new ObjectState(split);
    }

    @Override
    protected ObjectSplit toSplitType(String id, ObjectState object) {
        return object.split();
    }
}
