package kinesis;

import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.connector.source.abilities.SupportsWatermarkPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;

/**
 * A stream as a table: the columns of its format, then the METADATA columns.
 *
 * <p>Its WATERMARK expression is evaluated here, for each shard by itself: {@link RowTime}.
 */
final class KinesisTable implements ScanTableSource, SupportsReadingMetadata, SupportsWatermarkPushDown {
    private final ReadSettings settings;
    private final DecodingFormat<DeserializationSchema<RowData>> format;
    private final DataType columns;
    private final Integer parallelism; // null: the job's
    private List<Metadata> metadata = List.of();
    private WatermarkStrategy<RowData> watermark; // null: none was declared

    KinesisTable(
            ReadSettings settings,
            DecodingFormat<DeserializationSchema<RowData>> format,
            DataType columns,
            Integer parallelism) {
        this.settings = settings;
        this.format = format;
        this.columns = columns;
        this.parallelism = parallelism;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return format.getChangelogMode();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        DeserializationSchema<RowData> decoder = format.createRuntimeDecoder(context, columns);
        return SourceProvider.of(new KinesisSource(settings, decoder, metadata, watermark), parallelism);
    }

    @Override
    public Map<String, DataType> listReadableMetadata() {
        return Metadata.types();
    }

    @Override
    public void applyReadableMetadata(List<String> keys, DataType type) {
        metadata = Metadata.of(keys);
    }

    @Override
    public void applyWatermark(WatermarkStrategy<RowData> strategy) {
        watermark = strategy;
    }

    @Override
    public DynamicTableSource copy() {
        KinesisTable copy = new KinesisTable(settings, format, columns, parallelism);
        copy.metadata = metadata;
        copy.watermark = watermark;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "kinesis " + settings.stream.name;
    }
}
