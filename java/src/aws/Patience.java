package aws;

import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls that are tried again for ever, except after what no repetition mends. The log says what goes on. */
public final class Patience {
    private static final Logger LOG = LoggerFactory.getLogger(Patience.class);
    private static final long QUIET = 30_000; // milliseconds between two lines of the log

    private final String call; // as the log names it
    private final Backoff backoff = new Backoff(300, 5_000);
    private volatile boolean isClosed;
    private long since; // the first failure in a row, in milliseconds; 0: there is none
    private long said;
    private long lastFailure = Long.MIN_VALUE; // that made the pauses longer

    public Patience(String call) {
        this.call = call;
    }

    /** What the call returns; blocks. Throws a {@link AwsFailure} for what no repetition mends. */
    public <T> T until(Supplier<T> attempt) throws InterruptedException {
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
    public void close() {
        isClosed = true;
    }

    /** Takes note of a failure, and returns after how many milliseconds to try again. */
    public long failed(Problem problem) {
        return failed(problem.toString(), now());
    }

    /** The same of what did not fail, but has not come yet. why: for the log. */
    public long failed(String why) {
        return failed(why, now());
    }

    /**
     * The same of calls that go on side by side. why: for the log. sent: when the call began, by {@link #now}; those
     * that began before the last failure make the pauses no longer.
     */
    long failed(String why, long sent) {
        long now = now();
        if (since == 0) {
            since = now;
            said = now - QUIET;
        }
        if (now - said >= QUIET) {
            LOG.warn("{} fails and is tried again, since {} s: {}", call, (now - since) / 1000, why);
            said = now;
        }
        if (sent < lastFailure) {
            return backoff.again();
        }
        lastFailure = now;
        return backoff.next();
    }

    /** Most of a call was carried out: pauses begin anew. */
    void advanced() {
        backoff.reset();
    }

    /** Milliseconds of a clock that never goes back. */
    long now() {
        return System.nanoTime() / 1_000_000;
    }

    public void succeeded() {
        if (since != 0) {
            LOG.info("{} succeeds again.", call);
        }
        since = 0;
        backoff.reset();
    }
}
