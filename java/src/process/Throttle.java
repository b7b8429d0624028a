package process;

import static org.apache.flink.table.types.inference.StaticArgumentTrait.REQUIRE_ON_TIME;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.SET_SEMANTIC_TABLE;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.TABLE;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * The process table function {@code throttle(input => TABLE t PARTITION BY key, length => INTERVAL '10' MINUTE, on_time
 * => DESCRIPTOR(event_time))}: of each key the first row, and then none until {@code length} is over.
 *
 * <p>A row passes if it is its key's first, or at least {@code length} after the last row that passed. Rows are taken in
 * the order of time, when the watermark has passed them. Columns: those of PARTITION BY, the others of the table,
 * {@code is_late}, {@code rowtime}. A row that is behind the watermark comes out at once, with {@code is_late} true; it
 * neither passes nor keeps others from it.
 */
public class Throttle extends ProcessTableFunction<Row> {
    private static final String INPUT = "input";
    private static final String FORGET = "forget"; // the name of a key's timer

    /** The event time in milliseconds of a key's last row that passed, and the length. */
    public static class Passed {
        public Long time;
        public Long length;
    }

    private transient InputColumns columns;

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put("passed", StateTypeStrategy.of(call -> Optional.of(types.createDataType(Passed.class))));
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
        if (call.getArgumentValue(1, Long.class).orElse(0L) <= 0) {
            throw new ValidationException("The length of throttle has to be an interval above zero, as a literal.");
        }
        List<DataTypes.Field> fields =
                new ArrayList<>(new InputColumns(call.getTableSemantics(0).orElseThrow()).fields());
        fields.add(DataTypes.FIELD("is_late", DataTypes.BOOLEAN().notNull()));
        return DataTypes.ROW(fields);
    }

    /** Hold a row until the watermark has passed it. */
    public void eval(
            Context context,
            Passed passed,
            MapView<Long, Integer> counts,
            MapView<Row, Row> held,
            Row input,
            Long length)
            throws Exception {
        if (columns == null) {
            columns = new InputColumns(context.tableSemanticsFor(INPUT));
        }
        TimeContext<Long> clock = context.timeContext(Long.class);
        long time = clock.time();
        Row row = columns.values(input);
        if (clock.currentWatermark() != null && time <= clock.currentWatermark()) {
            collect(Row.join(row, Row.of(true)));
            return;
        }
        passed.length = length;
        if (HeldRows.hold(counts, held, time, row)) {
            clock.registerOnTime(time);
        }
    }

    /** The watermark has passed a time: its first row passes, if any does. Or the last row that passed is forgotten. */
    public void onTimer(
            OnTimerContext context, Passed passed, MapView<Long, Integer> counts, MapView<Row, Row> held)
            throws Exception {
        TimeContext<Long> clock = context.timeContext(Long.class);
        long time = clock.time();
        if (FORGET.equals(context.currentTimer())) {
            passed.time = null;
            if (!counts.keys().iterator().hasNext()) {
                context.clearAllState();
            }
            return;
        }
        List<Row> rows = HeldRows.take(counts, held, time);
        if (passed.time == null || time >= passed.time + passed.length) {
            collect(Row.join(rows.get(0), Row.of(false)));
            passed.time = time;
            clock.registerOnTime(FORGET, time + passed.length);
        }
    }
}
