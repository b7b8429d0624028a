package reference;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.table.data.RowData;

/** Reads the object, in the one subtask that it was given to; its state is what was emitted of it. */
final class ObjectReader extends SingleThreadMultiplexSourceReaderBase<Line, RowData, ObjectSplit, ObjectState> {
    private final Hold hold;
    private final TreeMap<Long, Integer> wholes = new TreeMap<>(); // by checkpoint: the whole versions in it

    ObjectReader(
            Supplier<SplitReader<Line, ObjectSplit>> fetcher,
            RecordEmitter<Line, RowData, ObjectState> rows,
            Hold hold,
            SourceReaderContext context) {
        super(fetcher, rows, context.getConfiguration(), context);
        this.hold = hold;
    }

    @Override
    protected void onSplitFinished(Map<String, ObjectState> finished) {
        // The coordinator has said already that no other comes.
    }

    @Override
    protected ObjectState initializedState(ObjectSplit split) {
        hold.keep(split.wholes);
        return new ObjectState(split);
    }

    @Override
    protected ObjectSplit toSplitType(String id, ObjectState object) {
        return object.split();
    }

    @Override
    public List<ObjectSplit> snapshotState(long checkpoint) {
        List<ObjectSplit> splits = super.snapshotState(checkpoint);
        wholes.put(checkpoint, splits.stream().mapToInt(split -> split.wholes).sum());
        return splits;
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) throws Exception {
        super.notifyCheckpointComplete(checkpoint);
        Integer kept = wholes.get(checkpoint);
        if (kept != null) {
            hold.keep(kept);
        }
        wholes.headMap(checkpoint, true).clear();
    }
}
