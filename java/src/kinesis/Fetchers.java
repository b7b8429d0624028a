package kinesis;

import aws.Http;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/** Makes what reads the shards of a subtask, in either way: a client and a thread for all of them. */
final class Fetchers {
    private Fetchers() {}

    static ShardFetcher of(ReadSettings settings, ServiceClock clock, ShardMetrics metrics) {
        return settings.fanOut == null ? polling(settings, clock, metrics) : fanOut(settings, clock, metrics);
    }

    private static ShardFetcher polling(ReadSettings settings, ServiceClock clock, ShardMetrics metrics) {
        KinesisAsyncClient client = settings.place.client(KinesisAsyncClient.builder(), Http.PLAIN);
        Arrivals arrivals = new Arrivals();
        Loop loop = new Loop("kinesis-polling", arrivals);
        return new ShardFetcher(
                split -> new PolledShard(client, settings, loop, arrivals, clock, metrics, split),
                arrivals,
                settings.parts,
                () -> close(loop, client));
    }

    private static ShardFetcher fanOut(ReadSettings settings, ServiceClock clock, ShardMetrics metrics) {
        KinesisAsyncClient client = settings.place.subscriber(KinesisAsyncClient.builder());
        Arrivals arrivals = new Arrivals();
        Loop loop = new Loop("kinesis-fan-out", arrivals);
        FanOutConsumer consumer = new FanOutConsumer(client, settings.stream, settings.fanOut);
        CompletableFuture<String> arn = CompletableFuture.supplyAsync(() -> arn(consumer));
        return new ShardFetcher(
                split -> new FanOutShard(client, arn, settings, loop, arrivals, clock, metrics, split),
                arrivals,
                settings.parts,
                () -> close(loop, client));
    }

    private static String arn(FanOutConsumer consumer) {
        try {
            return consumer.arn();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CompletionException(e);
        }
    }

    private static void close(Loop loop, KinesisAsyncClient client) {
        loop.close();
        client.close();
    }
}
