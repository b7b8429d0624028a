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
 * An object of S3 as rows, which end: it is read once, at the start of a job. A job that is restored goes on at the line
 * behind the last that its state knows, and reads nothing if all was read.
 */
final class ReferenceSource implements Source<RowData, ObjectSplit, List<ObjectSplit>> {
    private static final long serialVersionUID = 1L;

    private final Place place;
    private final ObjectName name;
    private final DeserializationSchema<RowData> format;
    private final List<Metadata> metadata;

    ReferenceSource(
            Place place, ObjectName name, DeserializationSchema<RowData> format, List<Metadata> metadata) {
        this.place = place;
        this.name = name;
        this.format = format;
        this.metadata = metadata;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<RowData, ObjectSplit> createReader(SourceReaderContext context) {
        return new ObjectReader(
                () -> new ObjectFetcher(new S3Object(place, name)),
                new LineRows(format, metadata, name, context),
                context);
    }

    @Override
    public SplitEnumerator<ObjectSplit, List<ObjectSplit>> createEnumerator(
            SplitEnumeratorContext<ObjectSplit> context) {
        return restoreEnumerator(context, List.of(new ObjectSplit(name.toString(), null, 0)));
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
        return new WaitingSerializer();
    }
}
