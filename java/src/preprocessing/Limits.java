package preprocessing;

import java.io.Serializable;
import java.time.Duration;

/** What a batch may have, and how long it is waited for. */
final class Limits implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Of an event. Lambda takes 6 MiB, and answers no more: so an answer may have twice the length of its event. */
    private static final long BYTES = 3 << 20;

    final int records;
    final long bytes = BYTES;
    final long wait; // milliseconds from a batch's first record

    /** Throws IllegalArgumentException, with a sentence. */
    Limits(int records, Duration wait) {
        if (records < 1 || records > 10_000) {
            throw new IllegalArgumentException("'records' is " + records + ", but must be 1 to 10000.");
        }
        this.records = records;
        this.wait = wait.toMillis();
    }
}
