package process;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.types.Row;

/**
 * The rows of a partition that wait until the watermark has passed their event times, so that they are taken in the
 * order of time, and rows of one time in the order of their values.
 *
 * <p>So what comes of them depends neither on the number of shards nor on parallelism, and a replay does the same.
 * Flink's own ORDER BY drops rows that are late, and of a view's text it loses the parentheses around several columns.
 */
final class HeldRows {
    private static final Comparator<Row> BY_VALUES = HeldRows::compare;

    private HeldRows() {}

    /** Add the two entries of state: how many rows wait for a time, and the rows by (time, place). */
    static void declare(LinkedHashMap<String, StateTypeStrategy> state) {
        state.put(
                "counts",
                StateTypeStrategy.of(
                        call -> Optional.of(MapView.newMapViewDataType(DataTypes.BIGINT(), DataTypes.INT()))));
        state.put(
                "held",
                StateTypeStrategy.of(
                        call ->
                                Optional.of(
                                        MapView.newMapViewDataType(
                                                DataTypes.ROW(DataTypes.BIGINT(), DataTypes.INT()), type(call)))));
    }

    private static DataType type(CallContext call) {
        return DataTypes.ROW(new InputColumns(call.getTableSemantics(0).orElseThrow()).fields());
    }

    /** Keep a row. Returns whether it is the first of its time, which needs a timer at that time. */
    static boolean hold(MapView<Long, Integer> counts, MapView<Row, Row> held, long time, Row row) throws Exception {
        Integer before = counts.get(time);
        int place = before == null ? 0 : before;
        held.put(Row.of(time, place), row);
        counts.put(time, place + 1);
        return place == 0;
    }

    /** Take the rows of a time, sorted by their values; they are no longer held. */
    static List<Row> take(MapView<Long, Integer> counts, MapView<Row, Row> held, long time) throws Exception {
        Integer count = counts.get(time);
        List<Row> rows = new ArrayList<>();
        for (int place = 0; count != null && place < count; place++) {
            Row key = Row.of(time, place);
            rows.add(held.get(key));
            held.remove(key);
        }
        counts.remove(time);
        rows.sort(BY_VALUES);
        return rows;
    }

    private static int compare(Row one, Row other) {
        int order = 0;
        for (int i = 0; order == 0 && i < one.getArity(); i++) {
            order = compare(one.getField(i), other.getField(i));
        }
        return order;
    }

    /** Values of one column: NULL first, numbers, texts, times and bytes by their order, others by their texts. */
    @SuppressWarnings("unchecked")
    private static int compare(Object one, Object other) {
        if (one == null || other == null) {
            return Boolean.compare(one != null, other != null);
        }
        if (one instanceof Comparable) {
            return ((Comparable<Object>) one).compareTo(other);
        }
        if (one instanceof byte[]) {
            return Arrays.compare((byte[]) one, (byte[]) other);
        }
        return shown(one).compareTo(shown(other));
    }

    private static String shown(Object value) {
        return value instanceof Object[] ? Arrays.deepToString((Object[]) value) : value.toString();
    }
}
