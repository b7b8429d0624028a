package aws;

import java.util.Map;
import java.util.function.Function;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsPartitioning;
import org.apache.flink.table.data.RowData;

/** A table to write. Columns in PARTITIONED BY stay in the rows. */
public final class SinkTable implements DynamicTableSink, SupportsPartitioning {
    private final String summary;
    private final ChangelogMode changes;
    private final Integer parallelism; // null: the job's
    private final Function<Context, Sink<RowData>> sink;

    public SinkTable(
            String summary, ChangelogMode changes, Integer parallelism, Function<Context, Sink<RowData>> sink) {
        this.summary = summary;
        this.changes = changes;
        this.parallelism = parallelism;
        this.sink = sink;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requested) {
        return changes;
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        return SinkV2Provider.of(sink.apply(context), parallelism);
    }

    /** A value that a statement fixes stands in the rows like any other. */
    @Override
    public void applyStaticPartition(Map<String, String> partition) {}

    @Override
    public DynamicTableSink copy() {
        return this; // it never changes
    }

    @Override
    public String asSummaryString() {
        return summary;
    }
}
