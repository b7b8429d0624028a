package firehose;

import aws.Destination;
import aws.Refused;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.firehose.FirehoseAsyncClient;
import software.amazon.awssdk.services.firehose.model.PutRecordBatchRequest;
import software.amazon.awssdk.services.firehose.model.PutRecordBatchResponse;
import software.amazon.awssdk.services.firehose.model.PutRecordBatchResponseEntry;
import software.amazon.awssdk.services.firehose.model.Record;

/** The call that writes records to a Firehose stream. */
final class PutRecordBatch implements Destination<FirehoseRecord> {
    private final FirehoseAsyncClient client;
    private final String stream;

    PutRecordBatch(FirehoseAsyncClient client, String stream) {
        this.client = client;
        this.stream = stream;
    }

    @Override
    public CompletableFuture<Refused<FirehoseRecord>> send(List<FirehoseRecord> records) {
        PutRecordBatchRequest request =
                PutRecordBatchRequest.builder()
                        .deliveryStreamName(stream)
                        .records(records.stream().map(PutRecordBatch::record).collect(Collectors.toList()))
                        .build();
        return client.putRecordBatch(request).handle(Refused.orAll(records, answer -> refused(records, answer)));
    }

    private static Record record(FirehoseRecord record) {
        return Record.builder().data(SdkBytes.fromByteArrayUnsafe(record.data)).build();
    }

    private static Refused<FirehoseRecord> refused(List<FirehoseRecord> records, PutRecordBatchResponse answer) {
        return Refused.inOrder(
                records,
                answer.requestResponses(),
                PutRecordBatchResponseEntry::errorCode,
                PutRecordBatchResponseEntry::errorMessage);
    }

    @Override
    public String call() {
        return "PutRecordBatch of the Firehose stream " + stream;
    }

    @Override
    public void close() {
        client.close();
    }
}
