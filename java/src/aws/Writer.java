package aws;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.SimpleBatchCreator;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.RowData;

/**
 * Sends requests, several at a time, and those entries again that were refused for now: after a pause, longer after
 * each failure. A checkpoint waits until nothing is on its way, as Flink's writer has it: until the service takes all.
 *
 * <p>Access that is denied is no end either: rows wait until it is granted, and the log says so. All of it happens in
 * the thread of the task.
 */
public final class Writer<T extends Entry> extends AsyncSinkWriter<RowData, T> {
    // Flink would send the whole request again, also what was taken of it; calls have a time limit of their own.
    private static final long NEVER = TimeUnit.DAYS.toMillis(10_000);

    private static final int REQUESTS_BUFFERED = 4; // whose bytes may wait, beside those that are in flight

    private final SinkSettings settings;
    private final Destination<T> destination;
    private final Executor task;
    private final ProcessingTimeService time;
    private final CallMetrics calls;
    private final Counter refusedEntries;
    private final Patience patience;

    Writer(
            Rows<T> rows,
            WriterInitContext context,
            SinkSettings settings,
            Collection<BufferedRequestState<T>> buffered,
            Destination<T> destination,
            Executor task) {
        super(
                rows,
                context,
                configuration(settings),
                buffered,
                new SimpleBatchCreator<>(settings.bytesPerRequest),
                new BoundedBuffer<>(settings.entriesBuffered, REQUESTS_BUFFERED * settings.bytesPerRequest));
        this.settings = settings;
        this.destination = destination;
        this.task = task;
        this.time = context.getProcessingTimeService();
        this.calls = new CallMetrics(context.metricGroup());
        this.refusedEntries = context.metricGroup().getNumRecordsSendErrorsCounter();
        this.patience = new Patience(destination.call());
    }

    private static AsyncSinkWriterConfiguration configuration(SinkSettings settings) {
        return AsyncSinkWriterConfiguration.builder()
                .setMaxBatchSize(settings.entriesPerRequest)
                .setMaxBatchSizeInBytes(settings.bytesPerRequest)
                .setMaxInFlightRequests(settings.requestsInFlight)
                .setMaxBufferedRequests(settings.entriesBuffered)
                .setMaxTimeInBufferMS(settings.flushInterval)
                .setMaxRecordSizeInBytes(settings.bytesPerRequest)
                .setRequestTimeoutMS(NEVER)
                .setRateLimitingStrategy(
                        new RequestsInFlight(settings.requestsInFlight, settings.entriesPerRequest))
                .build();
    }

    /** Throws AwsFailure for an entry that fits into no request. */
    @Override
    protected long getSizeInBytes(T entry) {
        return settings.requireFitting(entry, destination.call());
    }

    @Override
    protected void submitRequestEntries(List<T> entries, ResultHandler<T> result) {
        long sent = patience.now();
        destination
                .send(entries)
                .whenComplete(
                        (refused, thrown) ->
                                task.execute(
                                        () -> {
                                            if (thrown != null) {
                                                throw Problem.asFailure(thrown); // nobody would know it otherwise
                                            }
                                            answered(refused, sent, result);
                                        }));
    }

    private void answered(Refused<T> refused, long sent, ResultHandler<T> result) {
        if (refused.entries.isEmpty()) {
            if (refused.sent > 0) {
                patience.succeeded();
            }
            result.complete();
            return;
        }
        if (refused.isMostlyTaken()) {
            patience.advanced();
        }
        refused.problem().ifPresent(calls::failed);
        refusedEntries.inc(refused.entries.size());
        if (refused.isForGood() || settings.failsOnError) {
            result.completeExceptionally(refused.failure(destination.call(), destination.hint(refused.entries)));
        } else {
            long pause = patience.failed(refused.why(destination.call()), sent);
            time.registerTimer(
                    time.getCurrentProcessingTime() + pause, now -> result.retryForEntries(refused.entries));
        }
    }

    @Override
    public void close() {
        super.close();
        destination.close();
    }
}
