package preprocessing;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import kinesis.RecordParts;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.functions.AsyncScalarFunction;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.SpecializedFunction;
import org.apache.flink.table.functions.UserDefinedFunction;
import org.apache.flink.types.Row;

/**
 * The SQL function {@code preprocess(line BYTES, shard STRING, sequence_number STRING, partition_key STRING, arrival
 * TIMESTAMP(3), nulls STRING, options)}: the rows that a user's function makes of a record, as {@code ARRAY<ROW<line
 * BYTES, part STRING, refusal STRING, nulls STRING>>}. None for a dropped record, one for a refused one, and of a good
 * one each of its documents.
 *
 * <p>The last argument is a literal, {@link Options}. All others are not NULL. nulls is carried unchanged into each row.
 *
 * <p>Flink keeps the order of records, and what is on its way in its checkpoints: after a restart these records are
 * given to the function again.
 */
@FunctionHint(output = @DataTypeHint("ARRAY<ROW<line BYTES, part STRING, refusal STRING, nulls STRING>>"))
public class Preprocess extends AsyncScalarFunction implements SpecializedFunction {
    private static final long serialVersionUID = 1L;
    private static final int OPTIONS = 6; // their place among the arguments

    private final Options options; // null: of no call yet

    private transient Function function;
    private transient ScheduledExecutorService timer;
    private transient Batches batches;

    public Preprocess() {
        this(null);
    }

    private Preprocess(Options options) {
        this.options = options;
    }

    /** The function of a call: only the planner's machine needs the files that the options name. */
    @Override
    public UserDefinedFunction specialize(SpecializedContext context) {
        String literal = context.getCallContext().getArgumentValue(OPTIONS, String.class).orElse("");
        try {
            return new Preprocess(Options.of(literal));
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage());
        }
    }

    @Override
    public void open(FunctionContext context) {
        function = options.hook.open();
        timer = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "preprocessing timer");
            thread.setDaemon(true);
            return thread;
        });
        batches = new Batches(function, options.event(), options.limits, new Measured(context.getMetricGroup()), timer);
    }

    public void eval(
            CompletableFuture<Row[]> rows,
            byte[] line,
            String shard,
            String sequenceNumber,
            String partitionKey,
            @DataTypeHint("TIMESTAMP(3)") LocalDateTime arrival,
            String nulls,
            String literal) {
        Received record =
                new Received(line, shard, sequenceNumber, partitionKey, arrival.toInstant(ZoneOffset.UTC));
        batches.add(record).whenComplete((outcome, thrown) -> {
            if (thrown != null) {
                rows.completeExceptionally(thrown);
                return;
            }
            try {
                rows.complete(rows(line, nulls, outcome));
            } catch (Throwable e) { // also an Error: a record without an end would hold the job up for ever
                rows.completeExceptionally(e);
            }
        });
    }

    private Row[] rows(byte[] line, String nulls, Outcome outcome) {
        if (outcome.isDropped()) {
            return new Row[0];
        }
        if (outcome.data == null) {
            return new Row[] {Row.of(line, null, outcome.refusal, nulls)};
        }
        List<byte[]> parts = RecordParts.of(outcome.data, options.splitsDocuments);
        Row[] rows = new Row[parts.size()];
        for (int i = 0; i < rows.length; i++) {
            String part = rows.length == 1 ? null : (i + 1) + " of " + rows.length;
            rows[i] = Row.of(parts.get(i), part, null, nulls);
        }
        return rows;
    }

    @Override
    public void close() {
        if (timer != null) {
            timer.shutdownNow();
        }
        if (function != null) {
            function.close();
        }
    }
}
