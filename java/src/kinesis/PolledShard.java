package kinesis;

import aws.Problem;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;

/**
 * Reads one shard by GetRecords: one call at a time, at most five a second, the next when the fetcher has taken the
 * last answer. What fails is tried again for ever, later each time; an iterator that has expired is replaced by a new
 * one, from the last record that came.
 *
 * <p>All of it runs in {@code loop}, one thread for all shards of a reader, which waits for nothing.
 */
final class PolledShard extends ShardFeed {
    private static final long SPACING = 200; // milliseconds between two calls: the service takes five a second

    private final KinesisAsyncClient client;
    private final ServiceClock clock;

    private String iterator; // null: there is none
    private long called; // the last call, in milliseconds
    private boolean isHeld; // ready for a call, but paused

    PolledShard(
            KinesisAsyncClient client,
            ReadSettings settings,
            Loop loop,
            Arrivals arrivals,
            ServiceClock clock,
            ShardMetrics metrics,
            ShardSplit split) {
        super(settings, loop, arrivals, metrics, split, "reading");
        this.client = client;
        this.clock = clock;
        loop.run(this::call);
    }

    private void call() {
        if (isStopped) {
            return;
        }
        if (isPaused || arrivals.isFull()) {
            isHeld = isPaused;
            if (!isPaused) {
                later(SPACING);
            }
            return;
        }
        called = Loop.now();
        if (iterator == null) {
            answered(client.getShardIterator(iteratorRequest()), answer -> {
                iterator = answer.shardIterator();
                call();
            });
        } else {
            answered(client.getRecords(recordsRequest()), this::came);
        }
    }

    private GetRecordsRequest recordsRequest() {
        return GetRecordsRequest.builder()
                .shardIterator(iterator)
                .streamARN(settings.stream.arnOrNull())
                .limit(settings.recordsPerCall)
                .build();
    }

    private GetShardIteratorRequest iteratorRequest() {
        return GetShardIteratorRequest.builder()
                .streamName(settings.stream.nameOrNull())
                .streamARN(settings.stream.arnOrNull())
                .shardId(shard)
                .shardIteratorType(position.iteratorType())
                .timestamp(position.timeOrNull())
                .startingSequenceNumber(position.sequenceNumber)
                .build();
    }

    private <T> void answered(CompletableFuture<T> call, Consumer<T> then) {
        loop.after(
                call,
                (answer, thrown) -> {
                    if (isStopped) {
                        return;
                    }
                    if (thrown != null) {
                        failed(Problem.of(thrown));
                    } else {
                        patience.succeeded();
                        then.accept(answer);
                    }
                });
    }

    private void came(GetRecordsResponse answer) {
        clock.told(answer, Loop.now());
        iterator = answer.nextShardIterator();
        boolean isEnd = iterator == null;
        long behind = answer.millisBehindLatest() == null ? 0 : answer.millisBehindLatest();
        metrics.behind(shard, behind);
        Position from = goOnAfter(answer.records());
        long pause = answer.records().isEmpty() && behind == 0 ? settings.intervalIfEmpty : settings.intervalIfNot;
        Runnable next = isEnd ? () -> {} : () -> execute(() -> later(pause));
        arrivals.add(new Arrivals.Arrival(shard, answer.records(), from, isEnd, called - behind, next));
    }

    private void failed(Problem problem) {
        metrics.failed(problem);
        if (problem.isMissing(shard)) {
            gone(problem);
        } else if (problem.isFinal() && !mayPass(problem)) {
            arrivals.fail(problem.failure("Reading " + shard + " of " + settings.stream));
        } else {
            boolean isUsable = problem.kind == Problem.Kind.PASSING;
            iterator = isUsable ? iterator : null;
            later(patience.failed(problem));
        }
    }

    /** A refused iterator is replaced: the service may have begun anew. A time that is still to come will have come. */
    private boolean mayPass(Problem problem) {
        return problem.kind == Problem.Kind.REFUSED && (iterator != null || position.kind == Position.Kind.TIME);
    }

    /** Calls after so many milliseconds, or as soon as the service's limit allows. */
    private void later(long millis) {
        long soonest = called + SPACING - Loop.now();
        schedule(Math.max(millis, soonest), this::call);
    }

    @Override
    public void resume() {
        execute(
                () -> {
                    isPaused = false;
                    if (isHeld) {
                        isHeld = false;
                        later(0);
                    }
                });
    }
}
