package preprocessing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Gathers records into batches, and calls the function with each batch.
 *
 * <p>When the function fails on a batch, each half of it is tried again, until a record is alone: only a record on
 * which the function fails alone, twice, is refused. So a process that was killed refuses none. (Lambda halves batches
 * of a stream too: BisectBatchOnFunctionError.)
 */
final class Batches {
    private final Function function;
    private final Event event;
    private final Limits limits;
    private final Measured measured;
    private final ScheduledExecutorService timer;
    private List<Received> gathered = new ArrayList<>();
    private long bytes;
    private ScheduledFuture<?> end; // of waiting for more records

    Batches(Function function, Event event, Limits limits, Measured measured, ScheduledExecutorService timer) {
        this.function = function;
        this.event = event;
        this.limits = limits;
        this.measured = measured;
        this.timer = timer;
    }

    /** Takes a record. Its outcome is completed by another thread. */
    CompletableFuture<Outcome> add(Received record) {
        List<Received> before = null;
        List<Received> full = null;
        synchronized (this) {
            if (!gathered.isEmpty() && bytes + record.size() > limits.bytes) {
                before = taken();
            }
            gathered.add(record);
            bytes += record.size();
            if (gathered.size() >= limits.records) {
                full = taken();
            } else if (end == null) {
                end = timer.schedule(this::flush, limits.wait, TimeUnit.MILLISECONDS);
            }
        }
        send(before);
        send(full);
        return record.outcome;
    }

    private void flush() {
        List<Received> batch;
        synchronized (this) {
            batch = taken();
        }
        send(batch);
    }

    private List<Received> taken() {
        List<Received> batch = gathered;
        gathered = new ArrayList<>(limits.records);
        bytes = 0;
        if (end != null) {
            end.cancel(false);
            end = null;
        }
        return batch;
    }

    private void send(List<Received> batch) {
        if (batch == null || batch.isEmpty()) {
            return;
        }
        try {
            measured.called();
            function.call(event.of(batch)).whenComplete((answer, thrown) -> {
                try {
                    take(batch, answer, thrown);
                } catch (Throwable e) {
                    fail(batch, e);
                }
            });
        } catch (Throwable e) { // also an Error, and also in the timer's thread, which tells nobody
            fail(batch, e);
        }
    }

    private static void fail(List<Received> batch, Throwable cause) {
        batch.forEach(record -> record.outcome.completeExceptionally(cause));
    }

    private void take(List<Received> batch, byte[] answer, Throwable thrown) {
        Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
        if (cause instanceof FunctionFailed) {
            failed(batch, (FunctionFailed) cause);
        } else if (cause != null) {
            fail(batch, cause);
        } else {
            answered(batch, answer);
        }
    }

    private void answered(List<Received> batch, byte[] answer) {
        List<Outcome> outcomes;
        try {
            outcomes = Answer.read(answer, batch.size());
        } catch (FunctionFailed e) {
            failed(batch, e);
            return;
        }
        for (int i = 0; i < batch.size(); i++) {
            end(batch.get(i), outcomes.get(i));
        }
    }

    private void failed(List<Received> batch, FunctionFailed failure) {
        measured.failed();
        int half = batch.size() / 2;
        if (half > 0) {
            send(batch.subList(0, half));
            send(batch.subList(half, batch.size()));
        } else if (batch.get(0).hasFailed) {
            end(batch.get(0), Outcome.refused(failure.getMessage()));
        } else {
            batch.get(0).hasFailed = true;
            send(batch);
        }
    }

    private void end(Received record, Outcome outcome) {
        measured.ended(outcome);
        record.outcome.complete(outcome);
    }
}
