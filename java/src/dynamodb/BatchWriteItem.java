package dynamodb;

import aws.AwsFailure;
import aws.Destination;
import aws.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** The call that writes items of different keys to a table. */
final class BatchWriteItem implements Destination<ItemWrite> {
    private final DynamoDbAsyncClient client;
    private final String table;
    private final ItemKey key;

    BatchWriteItem(DynamoDbAsyncClient client, String table, ItemKey key) {
        this.client = client;
        this.table = table;
        this.key = key;
    }

    @Override
    public CompletableFuture<Refused<ItemWrite>> send(List<ItemWrite> writes) {
        List<WriteRequest> requests = writes.stream().map(ItemWrite::request).collect(Collectors.toList());
        BatchWriteItemRequest request =
                BatchWriteItemRequest.builder().requestItems(Map.of(table, requests)).build();
        return client.batchWriteItem(request).handle(Refused.orAll(writes, answer -> refused(writes, answer)));
    }

    private Refused<ItemWrite> refused(List<ItemWrite> writes, BatchWriteItemResponse answer) {
        // The request names one table. The answer may name it in another form, as by its ARN.
        List<WriteRequest> unprocessed =
                answer.unprocessedItems().values().stream().flatMap(List::stream).collect(Collectors.toList());
        if (unprocessed.isEmpty()) {
            return Refused.none(writes.size());
        }
        Map<String, ItemWrite> sent = new HashMap<>();
        writes.forEach(write -> sent.put(write.key, write));
        List<ItemWrite> refused = new ArrayList<>();
        for (WriteRequest request : unprocessed) {
            String text = key.text(attributes(request));
            if (!sent.containsKey(text)) {
                throw new AwsFailure(call() + " refuses an item that was not sent, with the key " + text + ".");
            }
            refused.add(sent.get(text));
        }
        return Refused.some(refused, writes.size(), "UnprocessedItems: the table or the account is at its limit of writes");
    }

    private static Map<String, AttributeValue> attributes(WriteRequest request) {
        return request.putRequest() != null ? request.putRequest().item() : request.deleteRequest().key();
    }

    @Override
    public String call() {
        return "BatchWriteItem of the table " + table;
    }

    @Override
    public String hint(List<ItemWrite> writes) {
        return "check that PARTITIONED BY (" + String.join(", ", key.columns)
                + ") names the key of the table, and that columns have the types of its key and indexes";
    }

    @Override
    public void close() {
        client.close();
    }
}
