package kinesis;

import aws.Patience;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ListShardsRequest;
import software.amazon.awssdk.services.kinesis.model.ListShardsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;

/** The shards of a stream, as the service lists them. Its methods block, and are called by one thread at a time. */
final class ShardList implements AutoCloseable {
    private final KinesisAsyncClient client;
    private final StreamName stream;
    private final FanOutConsumer consumer; // null: there is none
    private final Patience patience;
    private boolean isRegistered;
    private long listed = System.nanoTime() - TimeUnit.DAYS.toNanos(1);

    /** consumer: registered before the first list, deregistered at the end; null: there is none. */
    ShardList(KinesisAsyncClient client, StreamName stream, FanOutConsumer consumer) {
        this.client = client;
        this.stream = stream;
        this.consumer = consumer;
        this.patience = new Patience("ListShards of " + stream);
    }

    /**
     * All shards, or null if the last list is newer than so many milliseconds: after an outage, calls come in a row.
     */
    Collection<ShardLedger.Listed> unlessWithin(long millis) throws InterruptedException {
        boolean isRecent = System.nanoTime() - listed < TimeUnit.MILLISECONDS.toNanos(millis);
        return isRecent ? null : now();
    }

    /** All shards, after so many milliseconds. */
    Collection<ShardLedger.Listed> after(long millis) throws InterruptedException {
        Thread.sleep(millis);
        return now();
    }

    /**
     * All shards, those included that were split or merged and still have records. Tries again for ever, except after
     * what no repetition mends.
     */
    private Collection<ShardLedger.Listed> now() throws InterruptedException {
        if (consumer != null && !isRegistered) {
            consumer.register();
            isRegistered = true;
        }
        List<ShardLedger.Listed> shards = patience.until(this::pages);
        listed = System.nanoTime();
        return shards;
    }

    private List<ShardLedger.Listed> pages() {
        List<ShardLedger.Listed> shards = new ArrayList<>();
        String token = null;
        do {
            ListShardsResponse page = client.listShards(page(token)).join();
            page.shards().forEach(shard -> shards.add(listed(shard)));
            token = page.nextToken();
        } while (token != null);
        return shards;
    }

    private ListShardsRequest page(String token) {
        ListShardsRequest.Builder request = ListShardsRequest.builder();
        return token != null
                ? request.nextToken(token).build()
                : request.streamName(stream.nameOrNull()).streamARN(stream.arnOrNull()).build();
    }

    private static ShardLedger.Listed listed(Shard shard) {
        List<String> parents =
                Stream.of(shard.parentShardId(), shard.adjacentParentShardId())
                        .filter(Objects::nonNull)
                        .collect(Collectors.toList());
        return new ShardLedger.Listed(
                shard.shardId(),
                parents,
                shard.sequenceNumberRange().endingSequenceNumber() != null,
                new BigInteger(shard.hashKeyRange().startingHashKey()),
                new BigInteger(shard.hashKeyRange().endingHashKey()));
    }

    @Override
    public void close() {
        if (isRegistered) {
            consumer.deregister();
        }
        patience.close();
        client.close();
    }
}
