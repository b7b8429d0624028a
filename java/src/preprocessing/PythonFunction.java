package preprocessing;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A handler in a Python process of its own, with one call at a time. The process lives as long as the function, so that
 * the handler may keep what it loaded. A process that ended, or was ended at its time limit, is started again.
 */
final class PythonFunction implements Function {
    private final PythonHook hook;
    private final ExecutorService caller =
            Executors.newSingleThreadExecutor(work -> {
                Thread thread = new Thread(work, "preprocessing");
                thread.setDaemon(true);
                return thread;
            });
    private volatile PythonProcess process;
    private volatile boolean isClosed;

    /** Throws IllegalStateException with a sentence if Python or the handler does not start. */
    PythonFunction(PythonHook hook) {
        this.hook = hook;
        this.process = new PythonProcess(hook);
    }

    @Override
    public CompletableFuture<byte[]> call(byte[] event) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        caller.execute(() -> {
            try {
                answer.complete(called(event));
            } catch (Throwable e) { // also an Error: a record without an end would hold the job up for ever
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    private byte[] called(byte[] event) throws FunctionFailed {
        if (!process.isAlive() && !isClosed) {
            process.close();
            process = new PythonProcess(hook);
            if (isClosed) {
                process.close(); // close() saw the process before
            }
        }
        return process.call(event);
    }

    @Override
    public void close() {
        isClosed = true;
        caller.shutdownNow();
        process.close();
    }
}
