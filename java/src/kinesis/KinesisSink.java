package kinesis;

import aws.AwsSink;
import aws.Destination;
import aws.Http;
import aws.Place;
import aws.Rows;
import aws.SinkSettings;
import java.util.concurrent.Executor;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/** A stream that rows are written to, at least once. What is sent again comes later than rows that were not. */
final class KinesisSink extends AwsSink<KinesisRecord> {
    private static final long serialVersionUID = 1L;

    private final Place place;
    private final Http http;
    private final StreamName stream;

    KinesisSink(
            Rows<KinesisRecord> records,
            SinkSettings settings,
            Place place,
            Http http,
            StreamName stream) {
        super(records, settings);
        this.place = place;
        this.http = http;
        this.stream = stream;
    }

    @Override
    protected Destination<KinesisRecord> destination(Executor task) {
        return new PutRecords(place.client(KinesisAsyncClient.builder(), http), stream);
    }

    @Override
    public AsyncSinkWriterStateSerializer<KinesisRecord> getWriterStateSerializer() {
        return new KinesisRecordSerializer();
    }
}
