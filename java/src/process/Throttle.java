package process;

import static org.apache.flink.table.types.inference.StaticArgumentTrait.REQUIRE_ON_TIME;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.SET_SEMANTIC_TABLE;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.TABLE;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * The process table function {@code throttle(input => TABLE t PARTITION BY key ORDER BY (event_time, columns), length
 * => INTERVAL '10' MINUTE, on_time => DESCRIPTOR(event_time))}: of each key the first row, and then none until
 * {@code length} is over.
 *
 * <p>A row passes if it is the first of its key, or at least {@code length} after the last row that passed. Columns:
 * those of PARTITION BY, the others of the table, {@code rowtime}. Flink sorts the rows by ORDER BY, and drops those that
 * are behind the watermark: take them out before. The columns after the time decide between rows of one time.
 */
public class Throttle extends ProcessTableFunction<Row> {
    private static final String INPUT = "input";

    /** The event time in milliseconds of a key's last row that passed. */
    public static class Passed {
        public Long time;
    }

    private transient InputColumns columns;

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put("passed", StateTypeStrategy.of(call -> Optional.of(types.createDataType(Passed.class))));
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
     * The columns of a row that passes.
     *
     * @throws ValidationException if the rows have no order, or the length is no literal above zero
     */
    private static DataType result(CallContext call) {
        TableSemantics table = call.getTableSemantics(0).orElseThrow();
        if (table.orderByColumns().length == 0) {
            throw new ValidationException(
                    "The table of throttle has no ORDER BY (time, columns), without which it matters who comes first.");
        }
        if (call.getArgumentValue(1, Long.class).orElse(0L) <= 0) {
            throw new ValidationException("The length of throttle has to be an interval above zero, as a literal.");
        }
        return DataTypes.ROW(new InputColumns(table).fields());
    }

    /** Called in the order of time. */
    public void eval(Context context, Passed passed, Row input, Long length) {
        if (columns == null) {
            columns = new InputColumns(context.tableSemanticsFor(INPUT));
        }
        TimeContext<Long> clock = context.timeContext(Long.class);
        long time = clock.time();
        if (passed.time != null && time < passed.time + length) {
            return;
        }
        passed.time = time;
        clock.registerOnTime("forget", time + length);
        collect(columns.values(input));
    }

    /** Whatever comes now passes, so the key needs no state. */
    public void onTimer(OnTimerContext context, Passed passed) {
        context.clearAllState();
    }
}
