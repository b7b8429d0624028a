package kinesis;

import aws.CallMetrics;
import aws.Problem;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.groups.AbstractMetricGroup;

/**
 * How far behind each shard is, which event time it has come to, and how many calls failed. The names are those of
 * Apache's connector, {@code KinesisStreamsSource.region.R.stream.S.shardId.X.millisBehindLatest}, and beside it
 * {@code currentWatermark}.
 */
final class ShardMetrics {
    /** Without an answer for longer, as while calls are refused or rows are held back, the lag may grow by that time. */
    private static final long SILENCE = 6_000; // milliseconds; a subscription speaks every five seconds

    /** A shard's own part of the metrics, which goes when the shard ends. */
    private static final class Gauge {
        final MetricGroup group;
        private final LongSupplier clock;
        private volatile long[] known; // the lag and the time of an answer; null: there was none

        Gauge(MetricGroup group, LongSupplier clock) {
            this.group = group;
            this.clock = clock;
            group.gauge("millisBehindLatest", this::behind);
        }

        void answered(long behind) {
            known = new long[] {behind, clock.getAsLong()};
        }

        private long behind() {
            long[] last = known;
            if (last == null) {
                return -1; // unknown
            }
            long since = clock.getAsLong() - last[1];
            return last[0] + (since > SILENCE ? since : 0);
        }
    }

    private final MetricGroup group;
    private final CallMetrics calls;
    private final Map<String, Gauge> shards = new ConcurrentHashMap<>();
    private final LongSupplier clock;

    /** clock: milliseconds that only go forward. */
    ShardMetrics(MetricGroup source, String region, String stream, LongSupplier clock) {
        group = source.addGroup("KinesisStreamsSource").addGroup("region", region).addGroup("stream", stream);
        calls = new CallMetrics(group);
        this.clock = clock;
    }

    /** By how many milliseconds the records that came last are older than the shard's newest. */
    void behind(String shard, long millis) {
        gauge(shard).answered(millis);
    }

    /** The watermark that the shard's own rows lead to, in milliseconds. */
    void watermark(String shard, Supplier<Long> reached) {
        gauge(shard).group.gauge("currentWatermark", reached::get);
    }

    private Gauge gauge(String shard) {
        return shards.computeIfAbsent(shard, id -> new Gauge(group.addGroup("shardId", id), clock));
    }

    void failed(Problem problem) {
        calls.failed(problem);
    }

    void end(String shard) {
        Gauge gauge = shards.remove(shard);
        if (gauge != null && gauge.group instanceof AbstractMetricGroup) {
            ((AbstractMetricGroup<?>) gauge.group).close();
        }
    }
}
