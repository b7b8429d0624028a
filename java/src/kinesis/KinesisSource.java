package kinesis;

import aws.Http;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/**
 * A stream of Kinesis as rows, without an end, each shard a split of its own.
 *
 * <p>Each part of each record ({@link RecordParts}) is emitted once per checkpoint that is restored: positions in
 * checkpoints are those of emitted parts. Records of a shard are emitted in their order, and those of its children
 * after them.
 */
final class KinesisSource implements Source<RowData, ShardSplit, ShardLedger> {
    private static final long serialVersionUID = 1L;

    private final ReadSettings settings;
    private final DeserializationSchema<RowData> format;
    private final List<Metadata> metadata;
    private final WatermarkStrategy<RowData> watermark; // null: the table has no event time

    KinesisSource(
            ReadSettings settings,
            DeserializationSchema<RowData> format,
            List<Metadata> metadata,
            WatermarkStrategy<RowData> watermark) {
        this.settings = settings;
        this.format = format;
        this.metadata = metadata;
        this.watermark = watermark;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<RowData, ShardSplit> createReader(SourceReaderContext context) {
        ShardMetrics metrics =
                new ShardMetrics(context.metricGroup(), settings.place.region, settings.stream.name, settings.intervalIfEmpty, Loop::now);
        ServiceClock clock = new ServiceClock();
        return new ShardReader(
                () -> Fetchers.of(settings, clock, metrics),
                new PartRows(format, metadata, context),
                watermark,
                settings.idle,
                settings.arrivalMargin,
                clock,
                metrics,
                context);
    }

    @Override
    public SplitEnumerator<ShardSplit, ShardLedger> createEnumerator(SplitEnumeratorContext<ShardSplit> context) {
        return restoreEnumerator(context, new ShardLedger(System.currentTimeMillis()));
    }

    @Override
    public SplitEnumerator<ShardSplit, ShardLedger> restoreEnumerator(
            SplitEnumeratorContext<ShardSplit> context, ShardLedger ledger) {
        KinesisAsyncClient client = settings.place.client(KinesisAsyncClient.builder(), Http.PLAIN);
        FanOutConsumer consumer =
                settings.fanOut == null ? null : new FanOutConsumer(client, settings.stream, settings.fanOut);
        ShardList list = new ShardList(client, settings.stream, consumer);
        return new ShardCoordinator(
                context, list, settings.start, settings.discoveryInterval, ledger, new EventTime(), timer());
    }

    private ScheduledExecutorService timer() {
        return watermark == null
                ? null
                : Executors.newSingleThreadScheduledExecutor(new ExecutorThreadFactory("kinesis-watermark"));
    }

    @Override
    public SimpleVersionedSerializer<ShardSplit> getSplitSerializer() {
        return new ShardSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<ShardLedger> getEnumeratorCheckpointSerializer() {
        return new ShardLedgerSerializer();
    }
}
