package reference;

import aws.Place;
import java.util.List;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * An object of S3 as rows. Without a {@link Refresh} they end: it is read once, at the start of a job. With it, the
 * object is asked for again and again, and each other version of it is read. A job that is restored goes on at the line
 * behind the last that its state knows, if the object is still the same.
 */
final class ReferenceSource implements Source<RowData, ObjectSplit, List<ObjectSplit>> {
    private static final long serialVersionUID = 1L;

    private final Place place;
    private final ObjectName name;
    private final DeserializationSchema<RowData> format;
    private final List<Metadata> metadata;
    private final int columns; // of the format
    private final Refresh refresh; // null: the object is read once

    ReferenceSource(
            Place place,
            ObjectName name,
            DeserializationSchema<RowData> format,
            List<Metadata> metadata,
            int columns,
            Refresh refresh) {
        this.place = place;
        this.name = name;
        this.format = format;
        this.metadata = metadata;
        this.columns = columns;
        this.refresh = refresh;
    }

    @Override
    public Boundedness getBoundedness() {
        return refresh == null ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<RowData, ObjectSplit> createReader(SourceReaderContext context) {
        Hold hold = new Hold();
        return new ObjectReader(
                () -> new ObjectFetcher(new S3Object(place, name), refresh, hold),
                new LineRows(format, metadata, name, columns, context),
                hold,
                context);
    }

    @Override
    public SplitEnumerator<ObjectSplit, List<ObjectSplit>> createEnumerator(
            SplitEnumeratorContext<ObjectSplit> context) {
        return restoreEnumerator(context, List.of(ObjectSplit.of(name.toString())));
    }

    @Override
    public SplitEnumerator<ObjectSplit, List<ObjectSplit>> restoreEnumerator(
            SplitEnumeratorContext<ObjectSplit> context, List<ObjectSplit> waiting) {
        return new ObjectAssigner(context, waiting);
    }

    @Override
    public SimpleVersionedSerializer<ObjectSplit> getSplitSerializer() {
        return new ObjectSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<List<ObjectSplit>> getEnumeratorCheckpointSerializer() {
        return new WaitingSerializer(name, refresh != null);
    }
}
