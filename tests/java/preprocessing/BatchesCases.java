package preprocessing;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** Records on their way through a function: each comes to an end, whatever goes wrong. */
public final class BatchesCases {
    private BatchesCases() {}

    public static void anErrorOfTheCallEndsTheRecordInTheTimersThread() throws Exception {
        endsWith(new Called() {
            @Override
            public CompletableFuture<byte[]> call(byte[] event) {
                throw new StackOverflowError("call");
            }
        });
    }

    public static void anErrorThatTheCallGivesEndsTheRecord() throws Exception {
        endsWith(new Called() {
            @Override
            public CompletableFuture<byte[]> call(byte[] event) {
                return CompletableFuture.failedFuture(new StackOverflowError("answer"));
            }
        });
    }

    private abstract static class Called implements Function {
        @Override
        public void close() {}
    }

    private static void endsWith(Function function) throws Exception {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        try {
            Batches batches =
                    new Batches(
                            function,
                            new Event("us-east-1:000000000000", "job", "stream"),
                            new Limits(10, Duration.ofMillis(1)),
                            new Measured(new UnregisteredMetricsGroup()),
                            timer);
            batches.add(new Received(new byte[1], "shard", "1", "key", Instant.EPOCH)).get(20, TimeUnit.SECONDS);
            throw new AssertionError("The record has an outcome.");
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof StackOverflowError)) {
                throw e;
            }
        } finally {
            timer.shutdownNow();
        }
    }
}
