package kinesis;

import aws.Patience;
import aws.Problem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the shards of a stream and gives each to one reader: children after their parents were read to the end, and
 * each to the reader that has the fewest.
 *
 * <p>A shard that ends is told by an event, which may come after this coordinator's part of a checkpoint was taken and
 * before the reader's. Restored from such a checkpoint, neither would know the shard, and its children would wait for
 * ever. So the reader keeps an ended shard in its state until {@link ShardEvents.Settled} says that a checkpoint is
 * complete in which this coordinator's state has it as ended.
 *
 * <p>The service may list the children of an ended shard late, or not all at once. They are looked for until the list
 * has them, and the watermark stands still until then: their rows go on from where their parent ended.
 *
 * <p>It makes the watermark of the source too ({@link EventTime}), in rounds of a fraction of a second: what one reader
 * may emit depends on the shards of all.
 */
final class ShardCoordinator implements SplitEnumerator<ShardSplit, ShardLedger> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardCoordinator.class);

    private static final long PAUSE = 200; // milliseconds between two rounds
    private static final long PAUSE_PER_READER = 5; // so that no more than 200 reports come in a second

    private final SplitEnumeratorContext<ShardSplit> context;
    private final ShardList list;
    private final Start start;
    private final long interval; // of discovery, in milliseconds
    private final ShardLedger ledger;
    private final EventTime time;
    private final ScheduledExecutorService timer; // of the rounds; null: somebody else calls for them
    private final Map<Integer, Set<String>> held = new HashMap<>(); // by subtask
    private final Set<Integer> ready = new HashSet<>(); // subtasks that have said what they have
    private final Patience search = new Patience("Finding the children of shards that ended");
    private boolean isSearching; // whether a list for it is under way
    private boolean isSearchedFor; // whether it was listed for already
    private final Set<String> unsettled = new HashSet<>(); // ended shards that readers keep
    private final Map<Long, List<String>> settling = new TreeMap<>(); // of these, what a checkpoint has as ended

    ShardCoordinator(
            SplitEnumeratorContext<ShardSplit> context,
            ShardList list,
            Start start,
            long interval,
            ShardLedger ledger,
            EventTime time,
            ScheduledExecutorService timer) {
        this.context = context;
        this.list = list;
        this.start = start;
        this.interval = interval;
        this.ledger = ledger;
        this.time = time;
        this.timer = timer;
    }

    @Override
    public void start() {
        context.metricGroup().setUnassignedSplitsGauge(() -> (long) ledger.unassigned());
        context.callAsync(() -> list.unlessWithin(interval / 2), this::listed, 0, interval);
        if (timer != null) {
            long pause = Math.max(PAUSE, PAUSE_PER_READER * context.currentParallelism());
            Runnable round = () -> context.runInCoordinatorThread(this::round);
            timer.scheduleWithFixedDelay(round, pause, pause, TimeUnit.MILLISECONDS);
        }
    }

    /** Sends the source's watermark to all readers; nothing while one of them is not there. */
    void round() {
        if (areAllReady()) {
            int all = context.currentParallelism();
            boolean isComplete = ledger.isListed() && ledger.childless().isEmpty();
            ShardEvents.Round round = time.next(all, isComplete, ledger.holdsAt(time.watermark()));
            context.registeredReaders().keySet().forEach(subtask -> context.sendEventToSourceReader(subtask, round));
        }
    }

    private boolean areAllReady() {
        int all = context.currentParallelism();
        return ready.size() == all && context.registeredReaders().size() == all;
    }

    /** Takes note of a list; null: there is none newer than the last. Denied access fails the job with its sentence. */
    private void listed(Collection<ShardLedger.Listed> found, Throwable problem) {
        if (problem instanceof InterruptedException) {
            return; // the coordinator ends
        }
        if (problem != null) {
            throw Problem.asFailure(problem);
        }
        if (found != null) {
            int before = ledger.unassigned();
            ledger.list(found, start);
            if (ledger.unassigned() > before) {
                LOG.info("{} shards wait for a reader or for their parents.", ledger.unassigned());
            }
            assign();
            search();
        }
    }

    /** Lists the shards until the children of all that ended are known: at once, then later each time. */
    private void search() {
        List<String> childless = ledger.childless();
        if (childless.isEmpty()) {
            search.succeeded();
            isSearchedFor = false;
        } else if (!isSearching) {
            long pause = isSearchedFor ? search.failed("they are not listed yet, of " + childless) : 0;
            isSearching = true;
            isSearchedFor = true;
            context.callAsync(() -> list.after(pause), this::searched);
        }
    }

    private void searched(Collection<ShardLedger.Listed> found, Throwable problem) {
        isSearching = false;
        listed(found, problem);
    }

    private void assign() {
        if (!ledger.isListed() || !areAllReady()) {
            return;
        }
        Map<Integer, List<ShardSplit>> given = new HashMap<>();
        for (ShardSplit split : ledger.ready()) {
            int subtask = subtaskWithFewest();
            held(subtask).add(split.id);
            given.computeIfAbsent(subtask, none -> new ArrayList<>()).add(split);
            ledger.given(List.of(split.id));
        }
        if (!given.isEmpty()) {
            LOG.info("Shards for the readers: {}", given);
            given.keySet().forEach(time::changed);
            context.assignSplits(new SplitsAssignment<>(given));
        }
    }

    private int subtaskWithFewest() {
        int found = 0;
        for (int subtask = 1; subtask < context.currentParallelism(); subtask++) {
            found = held(subtask).size() < held(found).size() ? subtask : found;
        }
        return found;
    }

    private Set<String> held(int subtask) {
        return held.computeIfAbsent(subtask, none -> new HashSet<>());
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        if (event instanceof ShardEvents.Held) {
            time.restore(((ShardEvents.Held) event).watermark);
            held(subtask, ((ShardEvents.Held) event).ids);
        } else if (event instanceof ShardEvents.Report) {
            time.reported(subtask, (ShardEvents.Report) event);
        } else if (event instanceof ShardEvents.Leaving) {
            ready.remove(subtask);
        } else if (event instanceof ShardEvents.Ended) {
            ended(subtask, ((ShardEvents.Ended) event).reached);
        }
    }

    /** A reader that went back to a checkpoint may have again what had ended since. */
    private void held(int subtask, List<String> ids) {
        held(subtask).addAll(ids);
        ready.add(subtask);
        time.changed(subtask);
        ledger.given(ids);
        unsettled.removeAll(ids);
        if (timer != null && time.watermark() == ShardTimes.NONE) {
            round(); // the readers wait for it before their first row, and for nothing else
        }
        assign();
    }

    private void ended(int subtask, Map<String, Long> reached) {
        Set<String> ids = reached.keySet();
        LOG.info("Read to the end by subtask {}: {}", subtask, ids);
        held(subtask).removeAll(ids);
        ledger.ended(reached);
        unsettled.addAll(ids);
        assign();
        search();
    }

    @Override
    public void addReader(int subtask) {
        forget(subtask); // it will say itself what it has
    }

    @Override
    public void addSplitsBack(List<ShardSplit> splits, int subtask) {
        forget(subtask);
        time.restarts(subtask);
        ledger.returned(splits); // they are given out when the reader is back
    }

    private void forget(int subtask) {
        held(subtask).clear();
        ready.remove(subtask);
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
        // Shards are given out unasked.
    }

    @Override
    public ShardLedger snapshotState(long checkpoint) {
        List<String> settled = new ArrayList<>(unsettled);
        settled.removeAll(ledger.childless()); // the last that has the watermark, if the stream had no other shard
        settling.put(checkpoint, settled);
        return ledger.copy();
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
        List<String> settled = settling.get(checkpoint);
        settling.keySet().removeIf(id -> id <= checkpoint);
        if (settled != null && !settled.isEmpty()) {
            unsettled.removeAll(settled);
            for (int subtask : context.registeredReaders().keySet()) {
                context.sendEventToSourceReader(subtask, new ShardEvents.Settled(settled));
            }
        }
    }

    @Override
    public void close() {
        if (timer != null) {
            timer.shutdownNow();
        }
        list.close();
    }
}
