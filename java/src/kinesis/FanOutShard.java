package kinesis;

import aws.Problem;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.model.StartingPosition;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEvent;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEventStream;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardRequest;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardResponseHandler;

/**
 * Reads one shard by SubscribeToShard. The service sends events until the subscription ends, after five minutes at
 * most; the next one goes on after the last event. One that fails, or is silent for too long, is replaced too.
 *
 * <p>The next event is asked for when the fetcher has taken the last one. All of it runs in {@code loop}.
 */
final class FanOutShard extends ShardFeed {
    private static final long SPACING = 1_000; // milliseconds: a shard takes five subscriptions a second of a consumer
    private static final long SILENCE = 60_000; // milliseconds; the service sends an event every five seconds at least
    private static final long TRANSIT = 1_000; // milliseconds that an event takes at most from the service to here
    private static final long AT_ONCE = 10; // milliseconds; an event that comes within them may have lain in a buffer

    private final KinesisAsyncClient client;
    private final CompletableFuture<String> consumer;
    private final ServiceClock clock;

    private String continuation; // where the service says that the next subscription goes on; null: at `position`
    private Events current; // null: there is no subscription
    private long subscribed; // when, in milliseconds
    private boolean isFailing; // no event has come since a subscription failed
    private boolean isEnded;

    FanOutShard(
            KinesisAsyncClient client,
            CompletableFuture<String> consumer,
            ReadSettings settings,
            Loop loop,
            Arrivals arrivals,
            ServiceClock clock,
            ShardMetrics metrics,
            ShardSplit split) {
        super(settings, loop, arrivals, metrics, split, "subscribing to");
        this.client = client;
        this.consumer = consumer;
        this.clock = clock;
        loop.after(consumer, (arn, thrown) -> subscribe());
    }

    private void subscribe() {
        if (isStopped || isEnded) {
            return;
        }
        if (consumer.isCompletedExceptionally()) {
            consumer.exceptionally(thrown -> fail(thrown));
            return;
        }
        subscribed = Loop.now();
        Events events = new Events();
        current = events;
        loop.after(
                client.subscribeToShard(request(), handler(events)), (nothing, thrown) -> over(events, thrown));
        watch(events);
    }

    private String fail(Throwable thrown) {
        Problem problem = Problem.of(thrown);
        arrivals.fail(problem.failure("The consumer " + settings.fanOut.consumer + " of " + settings.stream));
        return null;
    }

    private SubscribeToShardRequest request() {
        return SubscribeToShardRequest.builder()
                .consumerARN(consumer.join())
                .shardId(shard)
                .startingPosition(startingPosition())
                .build();
    }

    private SubscribeToShardResponseHandler handler(Events events) {
        return SubscribeToShardResponseHandler.builder()
                .onResponse(answer -> clock.told(answer, Loop.now()))
                .onError(thrown -> {}) // the call's future has it
                .onEventStream(publisher -> publisher.subscribe(events))
                .build();
    }

    private StartingPosition startingPosition() {
        StartingPosition.Builder start = StartingPosition.builder();
        if (continuation != null) {
            return start.type(ShardIteratorType.AFTER_SEQUENCE_NUMBER).sequenceNumber(continuation).build();
        }
        return start.type(position.iteratorType())
                .timestamp(position.timeOrNull())
                .sequenceNumber(position.sequenceNumber)
                .build();
    }

    /** An event of the current subscription; events of former ones no longer count. */
    private void came(Events from, SubscribeToShardEvent event) {
        if (isStopped || from != current) {
            return;
        }
        patience.succeeded();
        isFailing = false;
        long behind = event.millisBehindLatest() == null ? 0 : event.millisBehindLatest();
        metrics.behind(shard, behind);
        isEnded = event.continuationSequenceNumber() == null || !event.childShards().isEmpty();
        if (event.records().isEmpty() && !isEnded) {
            continuation = position.kind == Position.Kind.WITHIN ? null : event.continuationSequenceNumber();
        }
        Position before = goOnAfter(event.records());
        if (!event.records().isEmpty()) {
            continuation = event.continuationSequenceNumber();
        }
        if (isEnded) {
            from.cancel();
        }
        long readTo = from.wasAwaited ? Loop.now() - TRANSIT - behind : Arrivals.UNKNOWN;
        arrivals.add(new Arrivals.Arrival(shard, event.records(), before, isEnded, readTo, () -> execute(from::more)));
    }

    private void over(Events events, Throwable thrown) {
        if (isStopped || isEnded || events != current) {
            return;
        }
        current = null;
        if (thrown == null) {
            schedule(subscribed + SPACING - Loop.now(), this::subscribe);
            return;
        }
        Problem problem = Problem.of(thrown);
        if (isFailing || !problem.isInUse()) { // once it is the former subscription, again it is another job's
            metrics.failed(problem);
        }
        isFailing = true;
        if (problem.isMissing(shard)) {
            isEnded = true;
            gone(problem);
        } else if (problem.isFinal()) {
            arrivals.fail(problem.failure("Subscribing to " + shard + " of " + settings.stream));
        } else {
            schedule(Math.max(patience.failed(problem), subscribed + SPACING - Loop.now()), this::subscribe);
        }
    }

    /** Gives up a subscription that is silent although an event was asked for. */
    private void watch(Events events) {
        loop.later(
                SILENCE / 10,
                () -> {
                    if (isStopped || isEnded || events != current) {
                        return;
                    }
                    if (events.isAwaited && Loop.now() - events.heard > SILENCE) {
                        events.cancel();
                        current = null;
                        subscribe();
                    } else {
                        watch(events);
                    }
                });
    }

    @Override
    public void resume() {
        execute(
                () -> {
                    isPaused = false;
                    if (current != null && current.isHeld) {
                        current.more();
                    }
                });
    }

    /** The events of one subscription. Its fields belong to {@code loop}. */
    private final class Events implements Subscriber<SubscribeToShardEventStream> {
        private Subscription subscription;
        private long heard = Loop.now();
        private boolean isAwaited = true; // whether an event was asked for
        private boolean wasAwaited; // whether the last event was made after it was asked for, or up to TRANSIT before
        private boolean isHeld; // not asked for, because the shard is paused

        @Override
        public void onSubscribe(Subscription made) {
            execute(
                    () -> {
                        subscription = made;
                        more();
                    });
        }

        @Override
        public void onNext(SubscribeToShardEventStream event) {
            execute(
                    () -> {
                        wasAwaited = Loop.now() - heard > AT_ONCE;
                        heard = Loop.now();
                        isAwaited = false;
                        if (event instanceof SubscribeToShardEvent) {
                            came(this, (SubscribeToShardEvent) event);
                        } else {
                            more();
                        }
                    });
        }

        /** Asks for the next event. */
        void more() {
            isHeld = isPaused;
            if (!isPaused && subscription != null) {
                heard = Loop.now();
                isAwaited = true;
                subscription.request(1);
            }
        }

        void cancel() {
            if (subscription != null) {
                subscription.cancel();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            // The call's future has it.
        }

        @Override
        public void onComplete() {
            // The call's future says so.
        }
    }
}
