package aws;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.table.data.RowData;
import software.amazon.awssdk.awscore.client.builder.AwsAsyncClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;

/**
 * Rows written to a service, each at least once: what is refused for now is sent again until it is taken, and stands
 * in checkpoints until then.
 */
public abstract class AwsSink<T extends Entry> extends AsyncSinkBase<RowData, T> {
    private static final long serialVersionUID = 1L;

    private final Rows<T> rows;
    private final SinkSettings settings;

    protected AwsSink(Rows<T> rows, SinkSettings settings) {
        super(
                rows,
                settings.entriesPerRequest,
                settings.requestsInFlight,
                settings.entriesBuffered,
                settings.bytesPerRequest,
                settings.flushInterval,
                settings.bytesPerRequest);
        this.rows = rows;
        this.settings = settings;
    }

    /** A client of the service, which its owner closes. */
    protected final <B extends AwsAsyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C client(B builder) {
        return settings.place.client(builder, settings.http);
    }

    /** task: runs what it is given in the thread of the writer, one thing after the other. */
    protected abstract Destination<T> destination(Executor task);

    @Override
    public Writer<T> createWriter(WriterInitContext context) {
        return restoreWriter(context, List.of());
    }

    private static <T extends Entry> List<T> kept(Collection<BufferedRequestState<T>> buffered) {
        return buffered.stream()
                .flatMap(state -> state.getBufferedRequestEntries().stream())
                .map(RequestEntryWrapper::getRequestEntry)
                .collect(Collectors.toList());
    }

    @Override
    public Writer<T> restoreWriter(WriterInitContext context, Collection<BufferedRequestState<T>> buffered) {
        Executor task = work -> context.getMailboxExecutor().execute(work::run, "an answer");
        List<T> kept = kept(buffered);
        rows.prepare(context, kept);
        Destination<T> destination = destination(task);
        try {
            destination.restore(kept);
            kept.forEach(entry -> settings.requireFitting(entry, destination.call()));
            return new Writer<>(rows, context, settings, buffered, destination, task);
        } catch (RuntimeException e) {
            destination.close(); // nobody else would
            throw e;
        }
    }
}
