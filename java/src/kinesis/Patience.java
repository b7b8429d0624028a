package kinesis;

import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls that are tried again for ever, except after what no repetition mends. The log says what goes on. */
final class Patience {
    private static final Logger LOG = LoggerFactory.getLogger(Patience.class);
    private static final long QUIET = 30_000; // milliseconds between two lines of the log

    private final String call; // as the log names it
    private final Backoff backoff = new Backoff(300, 5_000);
    private volatile boolean isClosed;
    private long since; // the first failure in a row, in milliseconds; 0: there is none
    private long said;

    Patience(String call) {
        this.call = call;
    }

    /** What the call returns; blocks. Throws a {@link KinesisFailure} for what no repetition mends. */
    <T> T until(Supplier<T> attempt) throws InterruptedException {
        while (true) {
            try {
                T result = attempt.get();
                succeeded();
                return result;
            } catch (RuntimeException e) {
                Problem problem = Problem.of(e);
                if (isClosed) {
                    throw new InterruptedException("closed");
                }
                if (problem.isFinal()) {
                    throw problem.failure(call);
                }
                Thread.sleep(failed(problem));
            }
        }
    }

    /** No call is tried again: its client is closed. */
    void close() {
        isClosed = true;
    }

    /** Takes note of a failure, and returns after how many milliseconds to try again. */
    long failed(Problem problem) {
        long now = System.nanoTime() / 1_000_000;
        if (since == 0) {
            since = now;
            said = now - QUIET;
        }
        if (now - said >= QUIET) {
            LOG.warn("{} fails and is tried again, since {} s: {}", call, (now - since) / 1000, problem);
            said = now;
        }
        return backoff.next();
    }

    void succeeded() {
        if (since != 0) {
            LOG.info("{} succeeds again.", call);
        }
        since = 0;
        backoff.reset();
    }
}
