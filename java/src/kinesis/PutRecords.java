package kinesis;

import aws.Destination;
import aws.Refused;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResultEntry;

/** The call that writes records to a stream. */
final class PutRecords implements Destination<KinesisRecord> {
    private static final long USUAL = 1 << 20; // bytes of a record, unless the stream's own limit was raised

    private final KinesisAsyncClient client;
    private final StreamName stream;

    PutRecords(KinesisAsyncClient client, StreamName stream) {
        this.client = client;
        this.stream = stream;
    }

    @Override
    public CompletableFuture<Refused<KinesisRecord>> send(List<KinesisRecord> records) {
        PutRecordsRequest request =
                PutRecordsRequest.builder()
                        .streamName(stream.nameOrNull())
                        .streamARN(stream.arnOrNull())
                        .records(records.stream().map(PutRecords::entry).collect(Collectors.toList()))
                        .build();
        return client.putRecords(request).handle(Refused.orAll(records, answer -> refused(records, answer)));
    }

    private static PutRecordsRequestEntry entry(KinesisRecord record) {
        return PutRecordsRequestEntry.builder()
                .partitionKey(record.key)
                .data(SdkBytes.fromByteArrayUnsafe(record.data))
                .build();
    }

    private static Refused<KinesisRecord> refused(List<KinesisRecord> records, PutRecordsResponse answer) {
        return Refused.inOrder(
                records, answer.records(), PutRecordsResultEntry::errorCode, PutRecordsResultEntry::errorMessage);
    }

    @Override
    public String call() {
        return "PutRecords of " + stream;
    }

    @Override
    public String hint(List<KinesisRecord> records) {
        long longest = records.stream().mapToLong(KinesisRecord::bytes).max().orElse(0);
        return longest <= USUAL
                ? ""
                : "the longest record has " + longest + " bytes with its key, and a stream takes " + USUAL
                        + " unless its maximum record size is raised";
    }

    @Override
    public void close() {
        client.close();
    }
}
