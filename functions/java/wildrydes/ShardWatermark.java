package wildrydes;

import java.util.*;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.*;

/** {@code shard_watermark(event_time, shard, delay, warm_up, idle)}: the lowest, over this subtask's shards, of the highest
 * event time of each, less the delay. During warm_up after a start or restore NULL, no watermark, as shards may be unheard
 * of; after a pause of over half of idle what it was before, as other subtasks may wake from the same silence. A shard
 * without event time (NULL: a rejected record) for longer than idle does not count until it has one; the watermark may fall
 * then, and Flink's WatermarkAssignerOperator keeps the highest. All are wall clock, but a pause without any record counts
 * as a sixth of idle at most. The job parameter shard_watermark.warm_up (ms) overrides the argument, for tests. */
public class ShardWatermark extends ScalarFunction {
    private static final String SPAN = "INTERVAL SECOND(3) NOT NULL", TIME = "TIMESTAMP(3)";
    private static class Shard { long highest = Long.MIN_VALUE, heard; }
    private final Map<String, Shard> shards = new HashMap<>();
    private transient Shard last;
    private transient String lastName, warmUpParameter;
    private long called, clock, warm, held, lowest = Long.MAX_VALUE, lowestAt = -1;
    @Override public boolean isDeterministic() { return false; }
    @Override public void open(FunctionContext job) { warmUpParameter = job.getJobParameter("shard_watermark.warm_up", null); }

    @DataTypeHint(value = TIME, bridgedTo = TimestampData.class)
    public TimestampData eval(@DataTypeHint(value = TIME, bridgedTo = TimestampData.class) TimestampData eventTime,
            String shard, @DataTypeHint(SPAN) long delay, @DataTypeHint(SPAN) long warmUp, @DataTypeHint(SPAN) long idle) {
        long now = System.nanoTime() / 1_000_000, pause = called == 0 ? Long.MAX_VALUE : now - called; // never jumps
        clock += called == 0 ? 0 : Math.min(pause, Math.max(idle / 6, 1)); called = now;
        boolean lowestMayDiffer = clock != lowestAt; // a shard may have fallen idle
        long needed = warmUpParameter == null ? warmUp : Long.parseLong(warmUpParameter);
        if (pause > idle / 2) { held = lowest; warm = clock + needed; }
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
        long safe = clock < warm ? held : lowest;
        return safe == Long.MAX_VALUE ? null : TimestampData.fromEpochMillis(safe - delay);
    }
}
