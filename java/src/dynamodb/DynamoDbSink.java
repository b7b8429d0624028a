package dynamodb;

import aws.AwsSink;
import aws.Destination;
import aws.SinkSettings;
import java.util.concurrent.Executor;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** A table that rows are written to as whole items, at least once; of the rows of a key the last stays. */
final class DynamoDbSink extends AwsSink<ItemWrite> {
    private static final long serialVersionUID = 1L;

    private final String table;
    private final ItemKey key;

    DynamoDbSink(ItemRows rows, SinkSettings settings, String table, ItemKey key) {
        super(rows, settings);
        this.table = table;
        this.key = key;
    }

    @Override
    protected Destination<ItemWrite> destination(Executor task) {
        DynamoDbAsyncClient client = client(DynamoDbAsyncClient.builder());
        return new InOrder(new BatchWriteItem(client, table, key), task);
    }

    @Override
    public AsyncSinkWriterStateSerializer<ItemWrite> getWriterStateSerializer() {
        return new ItemWriteSerializer();
    }
}
