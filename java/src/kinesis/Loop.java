package kinesis;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;

/**
 * The one thread in which all shards of a reader do their work, a little at a time, so that none needs a lock. What a
 * task throws fails the reader; the shard would stand still otherwise, and nobody know.
 */
final class Loop implements AutoCloseable {
    private final ScheduledExecutorService thread;
    private final Arrivals arrivals;

    Loop(String name, Arrivals arrivals) {
        this.thread = Executors.newSingleThreadScheduledExecutor(new ExecutorThreadFactory(name));
        this.arrivals = arrivals;
    }

    void run(Runnable task) {
        thread.execute(() -> guarded(task));
    }

    void later(long millis, Runnable task) {
        thread.schedule(() -> guarded(task), Math.max(0, millis), TimeUnit.MILLISECONDS);
    }

    /** When the call is over, with its answer or with what it threw. */
    <T> void after(CompletableFuture<T> call, BiConsumer<T, Throwable> task) {
        call.whenCompleteAsync((answer, thrown) -> guarded(() -> task.accept(answer, thrown)), thread);
    }

    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            arrivals.fail(e);
        }
    }

    /** Milliseconds of a clock that never goes back. */
    static long now() {
        return System.nanoTime() / 1_000_000;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
