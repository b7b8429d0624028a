package kinesis;

import aws.CallMetrics;
import aws.Problem;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.groups.AbstractMetricGroup;

/**
 * How far behind each shard is, and how many calls failed, by the names that Apache's connector has:
 * {@code KinesisStreamsSource.region.R.stream.S.shardId.X.millisBehindLatest}.
 */
final class ShardMetrics {
    /** A shard's own part of the metrics, which goes when the shard ends. */
    private static final class Gauge {
        final AtomicLong behind = new AtomicLong(-1); // unknown
        final MetricGroup group;

        Gauge(MetricGroup group) {
            this.group = group;
            group.gauge("millisBehindLatest", behind::get);
        }
    }

    private final MetricGroup group;
    private final CallMetrics calls;
    private final Map<String, Gauge> shards = new ConcurrentHashMap<>();

    ShardMetrics(MetricGroup source, ReadSettings settings) {
        group =
                source.addGroup("KinesisStreamsSource")
                        .addGroup("region", settings.place.region)
                        .addGroup("stream", settings.stream.name);
        calls = new CallMetrics(group);
    }

    /** By how many milliseconds the records that came last are older than the shard's newest. */
    void behind(String shard, long millis) {
        shards.computeIfAbsent(shard, id -> new Gauge(group.addGroup("shardId", id))).behind.set(millis);
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
