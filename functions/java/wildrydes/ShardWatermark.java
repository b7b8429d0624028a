package wildrydes;

import java.util.*;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.*;

/** {@code WATERMARK FOR t AS shard_watermark(event_time, shard, delay, warm_up, idle)}, the last three being INTERVALs:
 * the highest event time of each shard of this subtask, the lowest of these, less the delay. It is NULL, no watermark,
 * during warm_up after the first record, as shards may be unheard of; nothing is checkpointed, so it warms up again after
 * a restore. A shard without an event time for longer than idle does not count until it has one again. A NULL event time
 * (a rejected record) counts for nothing; a NULL shard is a shard. The result can fall when a shard comes back: Flink's
 * WatermarkAssignerOperator takes the highest so far, and skips NULL.
 * <p>warm_up and idle are wall clock, but a pause without any record counts as a sixth of idle at the most: when all
 * shards were silent, because the service or a sink was away, the first one to speak again must not outrun the others.
 * The job parameter shard_watermark.warm_up (milliseconds) overrides the argument; tests over files set it to 0. */
public class ShardWatermark extends ScalarFunction {
    private static final String SPAN = "INTERVAL SECOND(3) NOT NULL";
    private static class Shard { long highest = Long.MIN_VALUE, heard; }

    private transient Map<String, Shard> shards;
    private transient String lastName;
    private transient Shard last;
    private transient long called, clock, lowest, lowestAt;
    private transient String warmUpParameter;

    @Override public boolean isDeterministic() { return false; }

    @Override public void open(FunctionContext context) {
        warmUpParameter = context.getJobParameter("shard_watermark.warm_up", null);
    }

    @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class)
    public TimestampData eval(
            @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData eventTime,
            String shard, @DataTypeHint(SPAN) long delay, @DataTypeHint(SPAN) long warmUp, @DataTypeHint(SPAN) long idle) {
        long now = System.nanoTime() / 1_000_000; // unlike the time of day it never jumps
        if (shards == null) {
            shards = new HashMap<>();
            called = now;
            lowestAt = -1;
        }
        clock += Math.min(now - called, Math.max(idle / 6, 1));
        called = now;
        boolean lowestMayDiffer = clock != lowestAt; // a shard may have fallen idle
        if (eventTime != null) {
            if (last == null || !Objects.equals(shard, lastName)) last = shards.computeIfAbsent(shard, name -> new Shard());
            lastName = shard;
            lowestMayDiffer |= last.highest <= lowest;
            last.highest = Math.max(last.highest, eventTime.getMillisecond());
            last.heard = clock;
        }
        if (lowestMayDiffer) {
            lowestAt = clock;
            lowest = Long.MAX_VALUE;
            for (Shard s : shards.values()) if (clock - s.heard <= idle) lowest = Math.min(lowest, s.highest);
        }
        long needed = warmUpParameter == null ? warmUp : Long.parseLong(warmUpParameter);
        return clock < needed || lowest == Long.MAX_VALUE ? null : TimestampData.fromEpochMillis(lowest - delay);
    }
}
