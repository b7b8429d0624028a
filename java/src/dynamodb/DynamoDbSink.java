package dynamodb;

import aws.AwsSink;
import aws.Destination;
import aws.Http;
import aws.Place;
import aws.SinkSettings;
import java.util.concurrent.Executor;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** A table that rows are written to as whole items, at least once; of the rows of a key the last stays. */
final class DynamoDbSink extends AwsSink<ItemWrite> {
    private static final long serialVersionUID = 1L;

    private final Place place;
    private final Http http;
    private final String table;
    private final ItemKey key;

    DynamoDbSink(ItemRows rows, SinkSettings settings, Place place, Http http, String table, ItemKey key) {
        super(rows, settings);
        this.place = place;
        this.http = http;
        this.table = table;
        this.key = key;
    }

    @Override
    protected Destination<ItemWrite> destination(Executor task) {
        DynamoDbAsyncClient client = place.client(DynamoDbAsyncClient.builder(), http);
        return new InOrder(new BatchWriteItem(client, table, key), task);
    }

    @Override
    public AsyncSinkWriterStateSerializer<ItemWrite> getWriterStateSerializer() {
        return new ItemWriteSerializer();
    }
}
