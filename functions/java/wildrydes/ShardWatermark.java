package wildrydes;

import java.util.*;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.*;

/** {@code shard_watermark(event_time, shard, delay, warm_up, idle)}: the lowest, over this subtask's shards, of the highest
 * event time of each, less the delay. NULL, no watermark, during warm_up after the first record of a start or restore, as
 * shards may be unheard of. A shard without an event time (NULL: a rejected record) for longer than idle does not count
 * until it has one; the watermark may fall then, and Flink's WatermarkAssignerOperator keeps the highest. Both are wall
 * clock, but a pause without any record counts as a sixth of idle at most: after an outage, the shard that speaks first
 * must not outrun the others. The job parameter shard_watermark.warm_up (ms) overrides the argument, for tests. */
public class ShardWatermark extends ScalarFunction {
    private static final String SPAN = "INTERVAL SECOND(3) NOT NULL", TIME = "TIMESTAMP(3)";
    private static class Shard { long highest = Long.MIN_VALUE, heard; }
    private final Map<String, Shard> shards = new HashMap<>();
    private transient Shard last;
    private transient String lastName, warmUpParameter;
    private long called, clock, lowest, lowestAt = -1;
    @Override public boolean isDeterministic() { return false; }
    @Override public void open(FunctionContext context) {
        warmUpParameter = context.getJobParameter("shard_watermark.warm_up", null);
    }

    @DataTypeHint(value = TIME, bridgedTo = TimestampData.class)
    public TimestampData eval(@DataTypeHint(value = TIME, bridgedTo = TimestampData.class) TimestampData eventTime,
            String shard, @DataTypeHint(SPAN) long delay, @DataTypeHint(SPAN) long warmUp, @DataTypeHint(SPAN) long idle) {
        long now = System.nanoTime() / 1_000_000, pause = called == 0 ? 0 : now - called; // nanoTime never jumps
        clock += Math.min(pause, Math.max(idle / 6, 1)); called = now;
        boolean lowestMayDiffer = clock != lowestAt; // a shard may have fallen idle
        if (eventTime != null) {
            if (last == null || !Objects.equals(shard, lastName)) last = shards.computeIfAbsent(shard, name -> new Shard());
            lastName = shard;
            lowestMayDiffer |= last.highest <= lowest;
            last.highest = Math.max(last.highest, eventTime.getMillisecond());
            last.heard = clock;
        }
        if (lowestMayDiffer) {
            lowestAt = clock; lowest = Long.MAX_VALUE;
            for (Shard s : shards.values()) if (clock - s.heard <= idle) lowest = Math.min(lowest, s.highest);
        }
        long needed = warmUpParameter == null ? warmUp : Long.parseLong(warmUpParameter);
        return clock < needed || lowest == Long.MAX_VALUE ? null : TimestampData.fromEpochMillis(lowest - delay);
    }
}
