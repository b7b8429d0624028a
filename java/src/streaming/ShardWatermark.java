package streaming;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * The SQL function {@code shard_watermark(event_time, shard, delay)}: the event time that all shards which were heard
 * have come to, less {@code delay}; NULL before the first.
 *
 * <p>{@code event_time} is NULL for a record that has none, because it was rejected. {@code delay} is an interval.
 *
 * <p>The source of Kinesis calls it for each shard by itself, and decides which shards windows wait for. Over files, in
 * which each file is a shard, there is nobody else to keep the shards apart. The result may fall, which is harmless:
 * Flink keeps the highest.
 */
public class ShardWatermark extends ScalarFunction {
    private static final String TIME = "TIMESTAMP(3)";
    private static final String SPAN = "INTERVAL SECOND(3) NOT NULL"; // arrives in milliseconds

    private transient Map<String, Long> highest; // event time by shard
    private transient long lowest; // of these

    /** Not even for equal arguments: it remembers what it was called with. */
    @Override
    public boolean isDeterministic() {
        return false;
    }

    /** Called once per record. */
    @DataTypeHint(value = TIME, bridgedTo = TimestampData.class)
    public TimestampData eval(
            @DataTypeHint(value = TIME, bridgedTo = TimestampData.class) TimestampData eventTime,
            String shard,
            @DataTypeHint(SPAN) long delay) {
        if (highest == null) {
            highest = new HashMap<>();
        }
        if (eventTime != null) {
            read(eventTime.getMillisecond(), shard);
        }
        return highest.isEmpty() ? null : TimestampData.fromEpochMillis(lowest - delay);
    }

    private void read(long time, String shard) {
        Long before = highest.get(shard);
        if (before == null || time > before) {
            highest.put(shard, time);
            if (before == null || before == lowest) {
                lowest = Collections.min(highest.values());
            }
        }
    }
}
