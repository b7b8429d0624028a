package kinesis;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.RowData;

/**
 * Reads the shards of a subtask. Its state is, for each shard, what was emitted of it; and the shards that ended, until
 * the coordinator's state has them as ended too ({@link ShardCoordinator} says why).
 *
 * <p>While a shard of it is read or may come, the subtask holds back the watermark, even without records; once the
 * coordinator has told that there is none, it is idle. Whoever makes watermarks of the rows does so downstream, by the
 * column shard-id; when they are made here, per shard, this is the class that knows the shards and their ends.
 */
final class ShardReader extends SingleThreadMultiplexSourceReaderBase<Part, RowData, ShardSplit, ShardState> {
    private final Map<String, ShardSplit> ended = new HashMap<>();
    private boolean hasNone; // as the coordinator says
    private Boolean isIdle; // as the output was told; null: nothing yet
    private boolean isStarted;

    ShardReader(
            Supplier<SplitReader<Part, ShardSplit>> fetcher,
            RecordEmitter<Part, RowData, ShardState> rows,
            SourceReaderContext context) {
        super(fetcher, rows, context.getConfiguration(), context);
    }

    /** Called once the coordinator knows this reader, after the shards of a restored state were added. */
    @Override
    public void start() {
        super.start();
        isStarted = true;
        List<String> ids = new ArrayList<>();
        super.snapshotState(0).forEach(split -> ids.add(split.id));
        context.sendSourceEventToCoordinator(new ShardEvents.Held(ids));
        tellEnded(ended.keySet());
    }

    @Override
    public void addSplits(List<ShardSplit> splits) {
        List<ShardSplit> open = new ArrayList<>(splits);
        open.removeIf(split -> split.isEnded);
        splits.stream().filter(split -> split.isEnded).forEach(split -> ended.put(split.id, split));
        if (!open.isEmpty()) {
            hasNone = false;
            super.addSplits(open);
        }
    }

    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) throws Exception {
        tellIdleness(output);
        return super.pollNext(output);
    }

    private void tellIdleness(ReaderOutput<RowData> output) {
        if (isIdle == null || isIdle != hasNone) {
            isIdle = hasNone;
            if (hasNone) {
                output.markIdle();
            } else {
                output.markActive();
            }
        }
    }

    @Override
    protected void onSplitFinished(Map<String, ShardState> finished) {
        finished.forEach((id, shard) -> ended.put(id, shard.split().ended()));
        tellEnded(finished.keySet());
    }

    private void tellEnded(Iterable<String> shards) {
        List<String> ids = new ArrayList<>();
        shards.forEach(ids::add);
        if (isStarted && !ids.isEmpty()) {
            context.sendSourceEventToCoordinator(new ShardEvents.Ended(ids));
        }
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        if (event instanceof ShardEvents.Settled) {
            ((ShardEvents.Settled) event).ids.forEach(ended::remove);
        } else if (event instanceof ShardEvents.NoShard) {
            hasNone = getNumberOfCurrentlyAssignedSplits() == 0;
            splitFetcherManager.getQueue().notifyAvailable(); // for pollNext to tell it
        } else {
            super.handleSourceEvents(event);
        }
    }

    @Override
    public List<ShardSplit> snapshotState(long checkpoint) {
        List<ShardSplit> splits = new ArrayList<>(super.snapshotState(checkpoint));
        splits.addAll(ended.values());
        return splits;
    }

    @Override
    protected ShardState initializedState(ShardSplit split) {
        return new ShardState(split);
    }

    @Override
    protected ShardSplit toSplitType(String id, ShardState shard) {
        return shard.split();
    }
}
