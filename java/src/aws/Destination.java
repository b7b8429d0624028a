package aws;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A service's call for many entries at once. */
public interface Destination<T> extends AutoCloseable {
    /** Sends the entries once. The future fails by a mistake in the code only. */
    CompletableFuture<Refused<T>> send(List<T> entries);

    /** Before the first request. entries: those that a checkpoint holds, in any order; all of them will be sent. */
    default void restore(List<T> entries) {}

    /** For sentences, such as "PutRecords of the stream wildrydes". */
    String call();

    /** What may be wrong with a request that the service refuses for good, as a sentence, or nothing. */
    default String hint(List<T> entries) {
        return "";
    }

    /** Closes its client. */
    @Override
    void close();
}
