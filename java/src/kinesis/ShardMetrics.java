package kinesis;

import aws.CallMetrics;
import aws.Problem;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.MetricGroup;

/**
 * How far behind each shard is, which event time it has come to, and how many calls failed. The names are those of
 * Apache's connector, {@code KinesisStreamsSource.region.R.stream.S.shardId.X.millisBehindLatest}, and beside it
 * {@code currentWatermark}.
 */
final class ShardMetrics {
    private static final long UNKNOWN = -1; // the lag before the first answer
    private static final long ENDED = -2; // the lag of a shard that was read to its end
    private static final long SILENCE = 6_000; // milliseconds; a subscription speaks every five seconds

    /**
     * A shard's own part of the metrics. It stays when the shard ends, and says so: of a metric that goes, Flink's
     * JobManager shows the last value for ever.
     */
    private final class Gauge {
        private volatile long[] known; // the lag and the time of an answer; null: there was none
        private volatile boolean isEnded;
        private volatile LongSupplier reached = () -> ShardTimes.NONE;

        Gauge(MetricGroup group) {
            group.gauge("millisBehindLatest", this::behind);
            group.gauge("currentWatermark", () -> isEnded ? ShardTimes.NONE : reached.getAsLong());
        }

        private long behind() {
            long[] last = known;
            if (isEnded || last == null) {
                return isEnded ? ENDED : UNKNOWN;
            }
            long since = clock.getAsLong() - last[1];
            return last[0] + (since > silence ? since : 0);
        }
    }

    private final MetricGroup group;
    private final CallMetrics calls;
    private final Map<String, Gauge> shards = new ConcurrentHashMap<>();
    private final long silence;
    private final LongSupplier clock;

    /**
     * interval: milliseconds between calls. Without an answer for much longer, as while calls are refused or rows are
     * held back, the lag may grow by that time. clock: milliseconds that only go forward.
     */
    ShardMetrics(MetricGroup source, String region, String stream, long interval, LongSupplier clock) {
        group = source.addGroup("KinesisStreamsSource").addGroup("region", region).addGroup("stream", stream);
        calls = new CallMetrics(group);
        this.silence = Math.max(SILENCE, 2 * interval);
        this.clock = clock;
    }

    /** By how many milliseconds the records that came last are older than the shard's newest. */
    void behind(String shard, long millis) {
        Gauge gauge = gauge(shard);
        gauge.known = new long[] {millis, clock.getAsLong()};
        gauge.isEnded = false;
    }

    /** The watermark that the shard's own rows lead to, in milliseconds. */
    void watermark(String shard, LongSupplier reached) {
        Gauge gauge = gauge(shard);
        gauge.reached = reached;
        gauge.isEnded = false;
    }

    private Gauge gauge(String shard) {
        return shards.computeIfAbsent(shard, id -> new Gauge(group.addGroup("shardId", id)));
    }

    /** A call that has to be repeated; not one whose iterator is only too old. */
    void failed(Problem problem) {
        if (problem.kind != Problem.Kind.EXPIRED) {
            calls.failed(problem);
        }
    }

    /** The shard was read to its end, and all its rows were emitted. */
    void end(String shard) {
        Gauge gauge = gauge(shard);
        gauge.isEnded = true;
        gauge.known = null;
    }
}
