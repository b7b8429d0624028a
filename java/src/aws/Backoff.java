package aws;

import java.util.concurrent.ThreadLocalRandom;

/**
 * How long to wait before a call is tried again: longer after each failure, up to a limit, and random, so that many
 * readers do not come back at the same time.
 */
public final class Backoff {
    private static final double FACTOR = 1.5;

    private final long first; // milliseconds
    private final long longest;
    private int failures;

    public Backoff(long first, long longest) {
        this.first = first;
        this.longest = longest;
    }

    /** Milliseconds from half to the whole of what has been reached. */
    public long next() {
        long pause = again();
        failures = Math.min(failures + 1, 100);
        return pause;
    }

    /** The same, and the next is no longer for it. */
    long again() {
        double reached = Math.min(longest, first * Math.pow(FACTOR, failures));
        return (long) (reached * ThreadLocalRandom.current().nextDouble(0.5, 1));
    }

    public void reset() {
        failures = 0;
    }
}
