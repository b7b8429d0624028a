package kinesis;

import aws.Patience;
import aws.Problem;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.model.Record;

/** The common part of both ways to read a shard: its position, pauses, its end. All of it runs in {@code loop}. */
abstract class ShardFeed implements ShardFetcher.Feed {
    private static final Logger LOG = LoggerFactory.getLogger(ShardFeed.class);

    final ReadSettings settings;
    final Arrivals arrivals;
    final ShardMetrics metrics;
    final Loop loop;
    final String shard;
    final Patience patience;

    Position position; // of the last record that came
    boolean isPaused;
    volatile boolean isStopped;

    /** doing: what is tried again and again, for the log. */
    ShardFeed(
            ReadSettings settings, Loop loop, Arrivals arrivals, ShardMetrics metrics, ShardSplit split, String doing) {
        this.settings = settings;
        this.loop = loop;
        this.arrivals = arrivals;
        this.metrics = metrics;
        this.shard = split.id;
        this.position = split.position;
        this.patience = new Patience(doing + " " + split.id + " of " + settings.stream);
    }

    /** Goes on after these records; returns the position before them. */
    Position goOnAfter(List<Record> records) {
        Position before = position;
        if (!records.isEmpty()) {
            position = Position.after(records.get(records.size() - 1).sequenceNumber());
        }
        return before;
    }

    /** The service no longer has the shard: it ends here. */
    void gone(Problem problem) {
        LOG.warn("{} of {} is gone, with what of it was not read yet: {}", shard, settings.stream, problem);
        arrivals.add(new Arrivals.Arrival(shard, List.of(), position, true, Arrivals.UNKNOWN, () -> {}));
    }

    void execute(Runnable task) {
        if (!isStopped) {
            loop.run(task);
        }
    }

    void schedule(long millis, Runnable task) {
        if (!isStopped) {
            loop.later(millis, task);
        }
    }

    @Override
    public void pause() {
        execute(() -> isPaused = true);
    }

    @Override
    public void stop() {
        isStopped = true;
        metrics.end(shard);
    }
}
