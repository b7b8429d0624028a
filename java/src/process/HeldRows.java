package process;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.functions.ProcessTableFunction.TimeContext;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.types.Row;

/**
 * The rows of a partition that wait until the watermark has passed their event times, so that they are taken in the
 * order of time, and rows of one time in the order of their values.
 *
 * <p>So what comes of them depends neither on the number of shards nor on parallelism, and a replay does the same.
 * Flink's own ORDER BY of a function's table drops rows that are late, may let rows go after the end of a file, and is
 * written without its parentheses in a view's text.
 *
 * <p>The state is two maps, which are empty when no row waits: {@code counts}, how many rows wait for a time, and {@code
 * held}, the rows by (time, place).
 */
final class HeldRows {
    /** The column of the result that says whether a row came when the watermark had passed it. */
    static final DataTypes.Field IS_LATE = DataTypes.FIELD("is_late", DataTypes.BOOLEAN().notNull());

    private static final Comparator<Object> BY_VALUE = HeldRows::compare;

    private HeldRows() {}

    /** Add the two maps to the state of a function, whose first argument is the table. */
    static void declare(LinkedHashMap<String, StateTypeStrategy> state) {
        DataType place = DataTypes.ROW(DataTypes.BIGINT(), DataTypes.INT());
        state.put("counts", map(DataTypes.BIGINT(), call -> DataTypes.INT()));
        state.put("held", map(place, call -> DataTypes.ROW(InputColumns.all(table(call)))));
    }

    private interface Type {
        DataType of(CallContext call);
    }

    private static StateTypeStrategy map(DataType key, Type value) {
        return StateTypeStrategy.of(
                call -> Optional.of(MapView.newMapViewDataType(key, value.of(call))), Duration.ZERO); // none is lost
    }

    /**
     * The result of a function: the columns of the table but those of PARTITION BY, is_late, and the function's own.
     *
     * @throws ValidationException if the table has an ORDER BY, or a column that the result adds
     */
    static DataType result(CallContext call, String function, List<DataTypes.Field> own) {
        TableSemantics table = table(call);
        if (table.orderByColumns().length > 0) {
            throw new ValidationException(
                    function + ": the function takes the rows in the order of time itself: leave ORDER BY out.");
        }
        List<DataTypes.Field> added = new ArrayList<>(List.of(IS_LATE));
        added.addAll(own);
        return InputColumns.result(table, function, added);
    }

    private static TableSemantics table(CallContext call) {
        return call.getTableSemantics(0).orElseThrow();
    }

    /** Keep the row that the clock is at, and set a timer at its time. Returns false, and does nothing, if it is late. */
    static boolean hold(TimeContext<Long> clock, MapView<Long, Integer> counts, MapView<Row, Row> held, Row row)
            throws Exception {
        Long time = clock.time();
        Long watermark = clock.currentWatermark();
        if (watermark != null && time <= watermark) {
            return false;
        }
        Integer before = counts.get(time);
        int place = before == null ? 0 : before;
        held.put(Row.of(time, place), row);
        counts.put(time, place + 1);
        if (place == 0) {
            clock.registerOnTime(time);
        }
        return true;
    }

    /** Take the rows of a time, sorted by their values; they are held no more. None if none wait for it. */
    static List<Row> take(MapView<Long, Integer> counts, MapView<Row, Row> held, Long time) throws Exception {
        Integer count = counts.get(time);
        if (count == null) {
            return List.of();
        }
        List<Row> rows = new ArrayList<>(count);
        for (int place = 0; place < count; place++) {
            Row key = Row.of(time, place);
            rows.add(held.get(key));
            held.remove(key);
        }
        counts.remove(time);
        rows.sort(HeldRows::compareRows);
        return rows;
    }

    /** Whether no row waits. */
    static boolean isEmpty(MapView<Long, Integer> counts) throws Exception {
        return !counts.keys().iterator().hasNext();
    }

    /**
     * Values of one type: NULL first; numbers, texts, times and bytes by their order, where -0.0 is before 0.0 and NaN
     * last; rows and arrays by their values in turn, maps by their sorted entries; others by their texts.
     */
    @SuppressWarnings("unchecked")
    static int compare(Object one, Object other) {
        if (one == null || other == null) {
            return Boolean.compare(one != null, other != null);
        }
        if (one instanceof Comparable) {
            return ((Comparable<Object>) one).compareTo(other);
        }
        if (one instanceof byte[]) {
            return Arrays.compare((byte[]) one, (byte[]) other);
        }
        if (one instanceof Row) {
            return compareRows((Row) one, (Row) other);
        }
        if (one instanceof Object[]) {
            return Arrays.compare((Object[]) one, (Object[]) other, BY_VALUE);
        }
        if (one instanceof Map) {
            return Arrays.compare(entries((Map<?, ?>) one), entries((Map<?, ?>) other), BY_VALUE);
        }
        return one.toString().compareTo(other.toString());
    }

    private static int compareRows(Row one, Row other) {
        int order = 0;
        for (int place = 0; order == 0 && place < one.getArity(); place++) {
            order = compare(one.getField(place), other.getField(place));
        }
        return order;
    }

    private static Object[] entries(Map<?, ?> map) {
        return map.entrySet().stream()
                .map(entry -> new Object[] {entry.getKey(), entry.getValue()})
                .sorted(BY_VALUE)
                .toArray();
    }
}
