package kinesis;

import aws.AwsSink;
import aws.Destination;
import aws.Rows;
import aws.SinkSettings;
import java.util.concurrent.Executor;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/** A stream that rows are written to, at least once. What is sent again comes later than rows that were not. */
final class KinesisSink extends AwsSink<KinesisRecord> {
    private static final long serialVersionUID = 1L;

    private final StreamName stream;

    KinesisSink(Rows<KinesisRecord> records, SinkSettings settings, StreamName stream) {
        super(records, settings);
        this.stream = stream;
    }

    @Override
    protected Destination<KinesisRecord> destination(Executor task) {
        return new PutRecords(client(KinesisAsyncClient.builder()), stream);
    }

    @Override
    public AsyncSinkWriterStateSerializer<KinesisRecord> getWriterStateSerializer() {
        return new KinesisRecordSerializer();
    }
}
