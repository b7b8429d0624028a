package kinesis;

import java.io.IOException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.clock.RelativeClock;
import org.apache.flink.util.clock.SystemClock;

/**
 * The event time that the rows of one shard have come to, by the table's WATERMARK expression. It remembers what
 * Flink's generator says; who waits for whom is decided elsewhere, so that nothing comes of Flink's idleness.
 */
final class RowTime implements WatermarkOutput {
    private final WatermarkGenerator<RowData> generator;
    private final Duration margin;
    private long highest = ShardTimes.NONE;

    /**
     * The strategy is copied: a function in the expression may have a memory, which must be of this shard alone.
     *
     * @param margin of an event time that is the arrival time: it goes on by the clock, less this; null: by rows only
     */
    RowTime(WatermarkStrategy<RowData> strategy, Duration margin, SourceReaderContext reader) {
        this.margin = margin;
        generator = copy(strategy, reader).createWatermarkGenerator(context(reader));
    }

    private static WatermarkGeneratorSupplier.Context context(SourceReaderContext reader) {
        return new WatermarkGeneratorSupplier.Context() {
            @Override
            public MetricGroup getMetricGroup() {
                return reader.metricGroup();
            }

            @Override
            public RelativeClock getInputActivityClock() {
                return SystemClock.getInstance(); // which only generators of idleness read
            }
        };
    }

    private static WatermarkStrategy<RowData> copy(WatermarkStrategy<RowData> strategy, SourceReaderContext reader) {
        try {
            return InstantiationUtil.clone(strategy, reader.getUserCodeClassLoader().asClassLoader());
        } catch (IOException | ClassNotFoundException e) {
            throw new IllegalStateException("The table's watermark cannot be copied.", e);
        }
    }

    /** With this row; NONE if no row so far has an event time. */
    long after(RowData row, long arrival) {
        generator.onEvent(row, arrival, this);
        generator.onPeriodicEmit(this);
        return highest;
    }

    boolean isArrivalTime() {
        return margin != null;
    }

    /** Of an arrival time: when all that had arrived by then, in milliseconds since 1970, was emitted. */
    long afterAllUntil(long arrival) {
        highest = Math.max(highest, arrival - margin.toMillis());
        return highest;
    }

    @Override
    public void emitWatermark(Watermark watermark) {
        highest = Math.max(highest, watermark.getTimestamp());
    }

    @Override
    public void markIdle() {
        // Not decided here.
    }

    @Override
    public void markActive() {
        // Not decided here.
    }
}
