package preprocessing;

import java.io.Closeable;
import java.util.concurrent.CompletableFuture;

/** A function that takes an event and answers it, by the contract of Kinesis Data Analytics ({@link Event}). */
interface Function extends Closeable {
    /**
     * The answer to an event, both as JSON.
     *
     * <p>It fails with a {@link FunctionFailed} when the function itself fails on the event. Any other failure is one
     * of the job.
     */
    CompletableFuture<byte[]> call(byte[] event);

    /** Ends calls that are open. */
    @Override
    void close();
}
