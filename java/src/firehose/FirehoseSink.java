package firehose;

import aws.AwsSink;
import aws.Destination;
import aws.SinkSettings;
import java.util.concurrent.Executor;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.services.firehose.FirehoseAsyncClient;

/** A Firehose stream that rows are written to, at least once. */
final class FirehoseSink extends AwsSink<FirehoseRecord> {
    private static final long serialVersionUID = 1L;

    private final String stream;

    FirehoseSink(FirehoseRecords records, SinkSettings settings, String stream) {
        super(records, settings);
        this.stream = stream;
    }

    @Override
    protected Destination<FirehoseRecord> destination(Executor task) {
        return new PutRecordBatch(client(FirehoseAsyncClient.builder()), stream);
    }

    @Override
    public AsyncSinkWriterStateSerializer<FirehoseRecord> getWriterStateSerializer() {
        return new FirehoseRecordSerializer();
    }
}
