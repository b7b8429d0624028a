package kinesis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.kinesis.model.HashKeyRange;
import software.amazon.awssdk.services.kinesis.model.ListShardsRequest;
import software.amazon.awssdk.services.kinesis.model.ListShardsResponse;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.SequenceNumberRange;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEventStream;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardRequest;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardResponseHandler;

/** A stream in memory: shards with records, some of them closed. It notes when it was called. */
final class FakeStream implements KinesisAsyncClient {
    private final Map<String, Shard> shards = new LinkedHashMap<>();
    private final Map<String, List<Record>> records = new LinkedHashMap<>();
    final List<Long> calls = new ArrayList<>(); // of GetRecords, in milliseconds
    int lists;
    int broken; // after how many events the next subscription breaks
    final List<String> starts = new ArrayList<>(); // of subscriptions
    final List<Subscriber<? super SubscribeToShardEventStream>> subscribers = new ArrayList<>();
    String date = "Thu, 01 Jan 1970 00:00:00 GMT"; // of answers with records

    /** An open shard with so many records, and all keys, as far as nothing else is said. */
    FakeStream with(String id, int count, String... parents) {
        Shard.Builder shard = Shard.builder().shardId(id).sequenceNumberRange(range(null)).hashKeyRange(keys(0, 99));
        shard.parentShardId(parents.length > 0 ? parents[0] : null);
        shard.adjacentParentShardId(parents.length > 1 ? parents[1] : null);
        shards.put(id, shard.build());
        records.put(id, new ArrayList<>());
        for (int n = 1; n <= count; n++) {
            records.get(id).add(record(n));
        }
        return this;
    }

    /** How often GetRecords was called so far. */
    int called() {
        synchronized (calls) {
            return calls.size();
        }
    }

    /** The shard has these of a hundred keys. */
    FakeStream keys(String id, int first, int last) {
        shards.computeIfPresent(id, (same, shard) -> shard.toBuilder().hashKeyRange(keys(first, last)).build());
        return this;
    }

    private static HashKeyRange keys(int first, int last) {
        return HashKeyRange.builder()
                .startingHashKey(String.valueOf(first))
                .endingHashKey(String.valueOf(last))
                .build();
    }

    FakeStream close(String id) {
        shards.computeIfPresent(id, (same, shard) -> shard.toBuilder().sequenceNumberRange(range("9")).build());
        return this;
    }

    FakeStream forget(String id) {
        shards.remove(id);
        return this;
    }

    private static SequenceNumberRange range(String end) {
        return SequenceNumberRange.builder().startingSequenceNumber("0").endingSequenceNumber(end).build();
    }

    static Record record(int n) {
        return Record.builder()
                .sequenceNumber(String.valueOf(n))
                .partitionKey("key")
                .approximateArrivalTimestamp(java.time.Instant.EPOCH)
                .data(SdkBytes.fromUtf8String("{}"))
                .build();
    }

    @Override
    public CompletableFuture<ListShardsResponse> listShards(ListShardsRequest request) {
        lists++;
        return CompletableFuture.completedFuture(ListShardsResponse.builder().shards(shards.values()).build());
    }

    @Override
    public CompletableFuture<GetShardIteratorResponse> getShardIterator(GetShardIteratorRequest request) {
        String after = request.startingSequenceNumber() == null ? "0" : request.startingSequenceNumber();
        String iterator = request.shardId() + " " + after;
        return CompletableFuture.completedFuture(
                GetShardIteratorResponse.builder().shardIterator(iterator).build());
    }

    /** One record a call. */
    @Override
    public CompletableFuture<GetRecordsResponse> getRecords(GetRecordsRequest request) {
        synchronized (calls) {
            calls.add(System.nanoTime() / 1_000_000);
        }
        String[] iterator = request.shardIterator().split(" ");
        int at = Integer.parseInt(iterator[1]);
        List<Record> all = records.get(iterator[0]);
        List<Record> found = at < all.size() ? all.subList(at, at + 1) : List.of();
        boolean isClosed = shards.get(iterator[0]).sequenceNumberRange().endingSequenceNumber() != null;
        boolean isEnd = at >= all.size() && isClosed;
        GetRecordsResponse.Builder answer =
                GetRecordsResponse.builder()
                        .records(found)
                        .nextShardIterator(isEnd ? null : iterator[0] + " " + (at + found.size()))
                        .millisBehindLatest(0L);
        SdkHttpResponse http = SdkHttpResponse.builder().statusCode(200).putHeader("Date", date).build();
        return CompletableFuture.completedFuture((GetRecordsResponse) answer.sdkHttpResponse(http).build());
    }

    /**
     * One record an event, and one event for the end. The subscription breaks after {@code broken} events, if that is
     * not 0, for this once.
     */
    @Override
    public CompletableFuture<Void> subscribeToShard(
            SubscribeToShardRequest request, SubscribeToShardResponseHandler handler) {
        String start = request.startingPosition().sequenceNumber();
        starts.add(request.startingPosition().typeAsString() + " " + start);
        List<Record> all = records.get(request.shardId());
        int after = start == null ? 0 : Integer.parseInt(start);
        int at = request.startingPosition().type() == ShardIteratorType.AT_SEQUENCE_NUMBER ? after - 1 : after;
        CompletableFuture<Void> over = new CompletableFuture<>();
        int breaks = broken;
        broken = 0;
        handler.onEventStream(SdkPublisher.adapt(subscriber -> subscribed(subscriber, new Subscription() {
            private int next = at;

            @Override
            public void request(long count) {
                if (breaks != 0 && next - at == breaks) {
                    over.completeExceptionally(new CompletionException(new java.io.IOException("cut")));
                    return;
                }
                boolean isEnd = next == all.size();
                subscriber.onNext(isEnd ? event(List.of(), null) : event(all.subList(next, next + 1), next + 1));
                next++;
            }

            @Override
            public void cancel() {
                over.complete(null);
            }
        })));
        return over;
    }

    private <T extends Subscriber<? super SubscribeToShardEventStream>> void subscribed(T subscriber, Subscription made) {
        subscribers.add(subscriber);
        subscriber.onSubscribe(made);
    }

    /** An event; after: the sequence number that the next subscription goes on after, or null at the end. */
    static SubscribeToShardEventStream event(List<Record> records, Integer after) {
        return SubscribeToShardEventStream.subscribeToShardEventBuilder()
                .records(records)
                .continuationSequenceNumber(after == null ? null : String.valueOf(after))
                .millisBehindLatest(0L)
                .build();
    }

    @Override
    public String serviceName() {
        return "kinesis";
    }

    @Override
    public void close() {}
}
