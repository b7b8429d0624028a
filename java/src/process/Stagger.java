package process;

import static org.apache.flink.table.types.inference.StaticArgumentTrait.REQUIRE_ON_TIME;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.SET_SEMANTIC_TABLE;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.TABLE;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * The process table function {@code stagger(input => TABLE t PARTITION BY key, length => INTERVAL '1' MINUTE, on_time
 * => DESCRIPTOR(event_time))}: holds the rows of each key back until their stagger window closes.
 *
 * <p>A key's window opens with its first row and ends {@code length} later. A row at the end opens the next window. The
 * rows of a window come out together, in the order of their event times, with the window's last millisecond as
 * {@code rowtime}: {@code TUMBLE} of one millisecond gathers them. Rows may come in any order within the watermark,
 * as the window of a row follows from the event times alone.
 *
 * <p>Columns: those of PARTITION BY, the others of the table, {@code is_late}, {@code rowtime}. A row comes out at once,
 * and with {@code is_late} true, if a window that it opened would have closed before the watermark.
 */
public class Stagger extends ProcessTableFunction<Row> {
    private static final String INPUT = "input";
    private static final String CLOSE = "close"; // the name of a key's timer

    /** A key's window, while it has rows that are held back; milliseconds. */
    public static class Window {
        public Long opened;
        public Long length;
    }

    private transient InputColumns columns;

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put("window", StateTypeStrategy.of(call -> Optional.of(types.createDataType(Window.class)), Duration.ZERO));
        state.put(
                "held",
                StateTypeStrategy.of(
                        call -> Optional.of(ListView.newListViewDataType(held(call))), Duration.ZERO));
        return TypeInference.newBuilder()
                .staticArguments(
                        StaticArgument.table(
                                INPUT, Row.class, false, EnumSet.of(TABLE, SET_SEMANTIC_TABLE, REQUIRE_ON_TIME)),
                        StaticArgument.scalar(
                                "length",
                                DataTypes.INTERVAL(DataTypes.SECOND(3)).notNull().bridgedTo(Long.class),
                                false))
                .stateTypeStrategies(state)
                .outputTypeStrategy(
                        call -> {
                            require(call);
                            return Optional.of(released(call));
                        })
                .build();
    }

    private static void require(CallContext call) {
        Duration length = call.getArgumentValue(1, Duration.class).orElse(Duration.ZERO);
        if (length.toMillis() <= 0) {
            throw call.newValidationError(
                    "stagger: length has to be an INTERVAL of a millisecond or more, written out, such as INTERVAL '1' MINUTE.");
        }
    }

    /** Of a row that is held back: its event time in milliseconds, and its columns. */
    private static DataType held(CallContext call) {
        return DataTypes.ROW(
                DataTypes.FIELD("time", DataTypes.BIGINT().notNull()),
                DataTypes.FIELD("row", DataTypes.ROW(columns(call).fields())));
    }

    private static DataType released(CallContext call) {
        return InputColumns.result(call.getTableSemantics(0).orElseThrow(), "stagger", List.of(HeldRows.IS_LATE));
    }

    private static InputColumns columns(CallContext call) {
        return new InputColumns(call.getTableSemantics(0).orElseThrow());
    }

    /** Hold a row back; it may open its key's window, or open it earlier. */
    public void eval(Context context, Window window, ListView<Row> held, Row input, Long length)
            throws Exception {
        if (columns == null) {
            columns = new InputColumns(context.tableSemanticsFor(INPUT));
        }
        TimeContext<Long> clock = context.timeContext(Long.class);
        long time = clock.time();
        Row row = columns.values(input);
        if (clock.currentWatermark() != null && last(time, length) <= clock.currentWatermark()) {
            release(row, true);
            return;
        }
        held.add(Row.of(time, row));
        if (window.opened == null || time < window.opened) {
            window.opened = time;
            window.length = length;
            clock.registerOnTime(CLOSE, last(time, length));
        }
    }

    /** A window closes: its rows come out, and those after it open the next. */
    public void onTimer(OnTimerContext context, Window window, ListView<Row> held) throws Exception {
        List<Row> rows = new ArrayList<>();
        held.get().forEach(rows::add);
        rows.sort(Comparator.comparingLong(Stagger::time));
        long last = last(window.opened, window.length);
        int inside = (int) rows.stream().filter(row -> time(row) <= last).count();
        rows.subList(0, inside).forEach(row -> release(row.getFieldAs(1), false));
        List<Row> rest = rows.subList(inside, rows.size());
        if (rest.isEmpty()) {
            context.clearAllState();
            return;
        }
        held.clear();
        held.addAll(rest);
        window.opened = time(rest.get(0));
        context.timeContext(Long.class).registerOnTime(CLOSE, last(window.opened, window.length));
    }

    private void release(Row row, boolean late) {
        collect(Row.join(row, Row.of(late)));
    }

    private static long time(Row held) {
        return held.getFieldAs(0);
    }

    /** The last millisecond of a window. */
    private static long last(long opened, long length) {
        return opened + length - 1;
    }
}
