package reference;

import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How an object is read again and again. */
final class Refresh implements Serializable {
    private static final long serialVersionUID = 1L;

    private final long interval; // milliseconds
    final boolean isCheckpointed; // whether the job makes checkpoints, for which a version waits

    Refresh(Duration interval, boolean isCheckpointed) {
        this.interval = interval.toMillis();
        this.isCheckpointed = isCheckpointed;
    }

    /** Milliseconds until the next question: about the interval, so that many jobs do not ask at the same time. */
    long pause() {
        return (long) (interval * ThreadLocalRandom.current().nextDouble(0.9, 1));
    }
}
