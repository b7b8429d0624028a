package process;

import static org.apache.flink.table.types.inference.StaticArgumentTrait.REQUIRE_ON_TIME;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.SET_SEMANTIC_TABLE;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.TABLE;

import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.functions.SpecializedFunction;
import org.apache.flink.table.functions.UserDefinedFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * The process table function {@code throttle(input => TABLE t PARTITION BY key, length => INTERVAL '10' MINUTE, on_time
 * => DESCRIPTOR(event_time), uid => 'u')}: of each key the first row, and then none until {@code length} is over.
 *
 * <p>A row passes if it is its key's first, or at least {@code length} after the last row that passed. Rows are taken as
 * {@link HeldRows} does. Columns: those of PARTITION BY, the others of the table, {@code is_late}, {@code rowtime}. A row
 * that comes behind the watermark comes out at once, with {@code is_late} true; it neither passes nor keeps others from
 * it.
 */
public class Throttle extends ProcessTableFunction<Row> implements SpecializedFunction {
    private static final String INPUT = "input";

    /** The event time in milliseconds of a key's last row that passed, until the length is over. */
    public static class Passed {
        public Long time;
    }

    private final long length; // milliseconds
    private transient InputColumns columns;

    /** As it is declared: the length is that of a call. */
    public Throttle() {
        this(0);
    }

    private Throttle(long length) {
        this.length = length;
    }

    @Override
    public UserDefinedFunction specialize(SpecializedContext context) {
        return new Throttle(length(context.getCallContext()));
    }

    private static long length(CallContext call) {
        return call.getArgumentValue(1, Long.class).orElse(0L);
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put(
                "passed",
                StateTypeStrategy.of(call -> Optional.of(types.createDataType(Passed.class)), Duration.ZERO));
        HeldRows.declare(state);
        return TypeInference.newBuilder()
                .staticArguments(
                        StaticArgument.table(
                                INPUT, Row.class, false, EnumSet.of(TABLE, SET_SEMANTIC_TABLE, REQUIRE_ON_TIME)),
                        StaticArgument.scalar(
                                "length",
                                DataTypes.INTERVAL(DataTypes.SECOND(3)).notNull().bridgedTo(Long.class),
                                false))
                .stateTypeStrategies(state)
                .outputTypeStrategy(call -> Optional.of(result(call)))
                .build();
    }

    /**
     * The columns of a row that comes out.
     *
     * @throws ValidationException unless the length is a literal above zero
     */
    private static DataType result(CallContext call) {
        if (length(call) <= 0) {
            throw new ValidationException("The length of throttle has to be an interval above zero, as a literal.");
        }
        return HeldRows.result(call, "throttle", List.of());
    }

    /** A row, in any order. The length is that of the call, which the function has already. */
    public void eval(
            Context context,
            Passed passed,
            MapView<Long, Integer> counts,
            MapView<Row, Row> held,
            Row input,
            Long length)
            throws Exception {
        if (!HeldRows.hold(context.timeContext(Long.class), counts, held, input)) {
            release(context, input, true);
        }
    }

    /** The watermark has passed a time: its first row passes, or none. Without rows, the length may be over. */
    public void onTimer(
            OnTimerContext context, Passed passed, MapView<Long, Integer> counts, MapView<Row, Row> held)
            throws Exception {
        TimeContext<Long> clock = context.timeContext(Long.class);
        long time = clock.time();
        List<Row> rows = HeldRows.take(counts, held, time);
        if (passed.time != null && time < passed.time + length) {
            return;
        }
        if (!rows.isEmpty()) {
            release(context, rows.get(0), false);
            passed.time = time;
            clock.registerOnTime(time + length);
            return;
        }
        passed.time = null;
        if (HeldRows.isEmpty(counts)) {
            context.clearAllState();
        }
    }

    private void release(Context context, Row row, boolean isLate) {
        if (columns == null) {
            columns = new InputColumns(context.tableSemanticsFor(INPUT));
        }
        collect(Row.join(columns.values(row), Row.of(isLate)));
    }
}
