package kinesis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
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
 * <p>It emits the watermark that the coordinator makes of all readers' reports ({@link EventTime}), the same in each
 * subtask, whatever shards it has. A reader does not know whether its job was restored, as its own state may be empty. So
 * it emits rows only after a round of the coordinator, which knows the watermark of all states: at once if there was
 * none, else a round later, when all readers have emitted it. Else a row of a shard that was left out as silent, older
 * than the watermark, would count as timely, and the window, which has kept its watermark, would drop it without a word.
 * (The watermarks of other shards' rows are state of the job itself.)
 */
final class ShardReader extends SingleThreadMultiplexSourceReaderBase<Part, RowData, ShardSplit, ShardState> {
    private final Map<String, ShardSplit> ended = new HashMap<>();
    private final WatermarkStrategy<RowData> strategy; // null: the table has no event time
    private final Duration arrivalMargin; // null: event times come from rows only
    private final ServiceClock clock;
    private final ShardTimes times;
    private final ShardMetrics metrics;
    private final CompletableFuture<Void> begun = new CompletableFuture<>(); // done when rows may be emitted
    private boolean isAsked; // whether a round has come
    private long emitted = ShardTimes.NONE; // the last watermark
    private boolean isIdle; // by the last round; no row came since
    private boolean isMarkedIdle;
    private boolean isStarted;

    ShardReader(
            Supplier<SplitReader<Part, ShardSplit>> fetcher,
            RecordEmitter<Part, RowData, ShardState> rows,
            WatermarkStrategy<RowData> strategy,
            long idle,
            Duration arrivalMargin,
            ServiceClock clock,
            ShardMetrics metrics,
            SourceReaderContext context) {
        super(fetcher, rows, context.getConfiguration(), context);
        this.strategy = strategy;
        this.arrivalMargin = arrivalMargin;
        this.clock = clock;
        this.times = new ShardTimes(idle);
        this.metrics = metrics;
    }

    /** Called once the coordinator knows this reader, after the shards of a restored state were added. */
    @Override
    public void start() {
        super.start();
        isStarted = true;
        List<String> ids = new ArrayList<>();
        super.snapshotState(0).forEach(split -> ids.add(split.id));
        context.sendSourceEventToCoordinator(new ShardEvents.Held(ids, times.watermark()));
        if (strategy == null) {
            begun.complete(null);
        }
        tellEnded(ended.values());
    }

    @Override
    public void addSplits(List<ShardSplit> splits) {
        List<ShardSplit> open = new ArrayList<>(splits);
        open.removeIf(split -> split.isEnded);
        splits.forEach(split -> times.restore(split.watermark));
        splits.stream().filter(split -> split.isEnded).forEach(split -> ended.put(split.id, split));
        if (!open.isEmpty()) {
            super.addSplits(open);
        }
    }

    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) throws Exception {
        if (times.watermark() > emitted) {
            emitted = times.watermark();
            output.emitWatermark(new Watermark(emitted));
        }
        if (isIdle && !isMarkedIdle) {
            output.markIdle();
            isMarkedIdle = true;
        }
        long rows = times.rows();
        InputStatus status = begun.isDone() ? super.pollNext(output) : InputStatus.NOTHING_AVAILABLE;
        isIdle &= times.rows() == rows; // until a round says so again
        if (isMarkedIdle && !isIdle) {
            output.markActive();
            isMarkedIdle = false;
        }
        return status;
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return begun.isDone() ? super.isAvailable() : begun;
    }

    @Override
    protected void onSplitFinished(Map<String, ShardState> finished) {
        Map<String, ShardSplit> now = new HashMap<>();
        finished.forEach((id, shard) -> now.put(id, shard.split().ended()));
        ended.putAll(now);
        now.keySet().forEach(times::remove);
        now.keySet().forEach(metrics::end); // only now: the rows of its last answer may have waited for long
        tellEnded(now.values());
    }

    private void tellEnded(Collection<ShardSplit> shards) {
        Map<String, Long> reached = new HashMap<>();
        shards.forEach(shard -> reached.put(shard.id, shard.reached));
        if (isStarted && !reached.isEmpty()) {
            context.sendSourceEventToCoordinator(new ShardEvents.Ended(reached));
        }
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        if (event instanceof ShardEvents.Settled) {
            ((ShardEvents.Settled) event).ids.forEach(ended::remove);
        } else if (event instanceof ShardEvents.Round) {
            round((ShardEvents.Round) event);
        } else {
            super.handleSourceEvents(event);
        }
    }

    /** A second round comes when all readers have had the time to emit the watermark of the first. */
    private void round(ShardEvents.Round round) {
        context.sendSourceEventToCoordinator(times.round(round, Loop.now()));
        if (isAsked || times.watermark() == ShardTimes.NONE) {
            begun.complete(null);
        }
        isAsked = true;
        isIdle = round.isIdle;
        if (times.watermark() > emitted || isIdle != isMarkedIdle) {
            splitFetcherManager.getQueue().notifyAvailable(); // for pollNext to tell it
        }
    }

    @Override
    public void close() throws Exception {
        if (isStarted) {
            context.sendSourceEventToCoordinator(new ShardEvents.Leaving());
        }
        super.close(); // takes seconds, so that an event that is on its way still comes to a task that runs
    }

    @Override
    public List<ShardSplit> snapshotState(long checkpoint) {
        List<ShardSplit> splits = new ArrayList<>(super.snapshotState(checkpoint));
        splits.addAll(ended.values());
        return splits.stream().map(split -> split.with(times.watermark())).collect(Collectors.toList());
    }

    @Override
    protected ShardState initializedState(ShardSplit split) {
        ShardTimes.Shard shard = times.add(split.id, split.reached, Loop.now());
        if (strategy == null) {
            return new ShardState(split, shard, null, clock);
        }
        metrics.watermark(split.id, shard::reached);
        return new ShardState(split, shard, new RowTime(strategy, arrivalMargin, context), clock);
    }

    @Override
    protected ShardSplit toSplitType(String id, ShardState shard) {
        return shard.split();
    }
}
