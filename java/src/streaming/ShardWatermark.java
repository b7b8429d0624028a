package streaming;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * The SQL function {@code shard_watermark(event_time, shard, delay, warm_up, idle)}: a watermark for a source whose
 * subtasks read several shards each, which get on at different speeds.
 *
 * <p>It returns the event time that all shards of its subtask have come to, less {@code delay}, or NULL while that is
 * unknown; {@link SubtaskClock} has the rules. {@code event_time} is NULL for a record that has none, because it was
 * rejected. {@code delay}, {@code warm_up} and {@code idle} are intervals and stay the same from call to call.
 *
 * <p>The result may fall. That is harmless: Flink's WatermarkAssignerOperator keeps the highest. Nothing is restored
 * from a checkpoint: after a restore the warm-up hears all shards anew.
 *
 * <p>The job parameter {@code shard_watermark.warm_up}, in milliseconds, overrides the argument, for tests.
 */
public class ShardWatermark extends ScalarFunction {
    private static final String TIME = "TIMESTAMP(3)";
    private static final String SPAN = "INTERVAL SECOND(3) NOT NULL"; // arrives in milliseconds

    private transient SubtaskClock clock;
    private transient Long warmUpParameter;

    /** Not even for equal arguments: it remembers what it was called with, and looks at the clock. */
    @Override
    public boolean isDeterministic() {
        return false;
    }

    @Override
    public void open(FunctionContext job) {
        String parameter = job.getJobParameter("shard_watermark.warm_up", null);
        warmUpParameter = parameter == null ? null : Long.valueOf(parameter);
    }

    /** Called once per record. */
    @DataTypeHint(value = TIME, bridgedTo = TimestampData.class)
    public TimestampData eval(
            @DataTypeHint(value = TIME, bridgedTo = TimestampData.class) TimestampData eventTime,
            String shard,
            @DataTypeHint(SPAN) long delay,
            @DataTypeHint(SPAN) long warmUp,
            @DataTypeHint(SPAN) long idle) {
        if (clock == null) {
            clock = new SubtaskClock();
        }
        long now = System.nanoTime() / 1_000_000; // which never jumps, as the time of day may
        long read = eventTime == null ? SubtaskClock.NONE : eventTime.getMillisecond();
        long time = clock.read(now, read, shard, warmUpParameter == null ? warmUp : warmUpParameter, idle);
        return time == SubtaskClock.NONE ? null : TimestampData.fromEpochMillis(time - delay);
    }
}
