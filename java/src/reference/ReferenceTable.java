package reference;

import aws.Place;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;

/** An object of S3 as a table: the columns of its format, then the METADATA columns. */
final class ReferenceTable implements ScanTableSource, SupportsReadingMetadata {
    private final Place place;
    private final ObjectName name;
    private final DecodingFormat<DeserializationSchema<RowData>> format;
    private final DataType columns;
    private final Refresh refresh; // null: the object is read once
    private List<Metadata> metadata = List.of();

    ReferenceTable(
            Place place,
            ObjectName name,
            DecodingFormat<DeserializationSchema<RowData>> format,
            DataType columns,
            Refresh refresh) {
        this.place = place;
        this.name = name;
        this.format = format;
        this.columns = columns;
        this.refresh = refresh;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return format.getChangelogMode();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        DeserializationSchema<RowData> decoder = format.createRuntimeDecoder(context, columns);
        int width = DataType.getFieldCount(columns);
        return SourceProvider.of(new ReferenceSource(place, name, decoder, metadata, width, refresh));
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
    public DynamicTableSource copy() {
        ReferenceTable copy = new ReferenceTable(place, name, format, columns, refresh);
        copy.metadata = metadata;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "reference " + name;
    }
}
