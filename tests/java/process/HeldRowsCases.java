package process;

import static aws.Cases.equal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.functions.ProcessTableFunction.TimeContext;
import org.apache.flink.types.Row;

/** Rows that wait for the watermark, without Flink. */
public final class HeldRowsCases {
    private HeldRowsCases() {}

    /** A clock that a case sets, and the timers that were set. */
    private static final class Clock implements TimeContext<Long> {
        long time;
        Long watermark;
        final List<Long> timers = new ArrayList<>();

        @Override
        public Long time() {
            return time;
        }

        @Override
        public Long tableWatermark() {
            return watermark;
        }

        @Override
        public Long currentWatermark() {
            return watermark;
        }

        @Override
        public void registerOnTime(String name, Long moment) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void registerOnTime(Long moment) {
            timers.add(moment);
        }

        @Override
        public void clearTimer(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void clearTimer(Long moment) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void clearAllTimers() {
            throw new UnsupportedOperationException();
        }
    }

    /** The state of a partition. */
    private static final class Held {
        final MapView<Long, Integer> counts = new MapView<>();
        final MapView<Row, Row> held = new MapView<>();
        final Clock clock = new Clock();

        boolean hold(long time, Row row) throws Exception {
            clock.time = time;
            return HeldRows.hold(clock, counts, held, row);
        }

        List<Row> take(long time) throws Exception {
            return HeldRows.take(counts, held, time);
        }
    }

    /** Rows of a time come out once, in the order of their columns, whatever the order in which they came. */
    public static void rowsOfATimeAreInTheOrderOfTheirValues() throws Exception {
        List<Row> wanted = List.of(Row.of(null, "b"), Row.of(1, null), Row.of(1, "a"), Row.of(1, "a"), Row.of(2, "A"));
        for (int seed = 0; seed < 20; seed++) {
            List<Row> shuffled = new ArrayList<>(wanted);
            Collections.shuffle(shuffled, new Random(seed));
            Held held = new Held();
            for (Row row : shuffled) {
                equal(held.hold(7, row), true);
            }
            held.hold(8, Row.of(0, ""));
            equal(held.take(7), wanted);
            equal(held.take(7), List.of());
            equal(held.take(8), List.of(Row.of(0, "")));
            equal(held.clock.timers, List.of(7L, 8L));
            equal(HeldRows.isEmpty(held.counts), true);
            equal(held.held.getMap(), Map.of());
        }
    }

    /** A row at the watermark or before it is not held; one after it is. */
    public static void aLateRowIsNotHeld() throws Exception {
        Held held = new Held();
        held.clock.watermark = 10L;
        equal(held.hold(10, Row.of(1)), false);
        equal(HeldRows.isEmpty(held.counts), true);
        equal(held.clock.timers, List.of());
        equal(held.hold(11, Row.of(1)), true);
    }

    /** Each value is before the next: NULL, negative zero, NaN, bytes, rows, arrays and maps have their places. */
    public static void eachKindOfValueHasAnOrder() {
        List<List<Object>> ascending = List.of(
                List.of(Double.NEGATIVE_INFINITY, -0.0, 0.0, Double.POSITIVE_INFINITY, Double.NaN),
                List.of(new byte[] {}, new byte[] {-1}, new byte[] {-1, 0}, new byte[] {0}),
                List.of(Row.of(null, 2), Row.of(1, null), Row.of(1, Row.of(1)), Row.of(1, Row.of(2)), Row.of(10, 0)),
                List.of(new Integer[] {}, new Integer[] {null}, new Integer[] {9}, new Integer[] {10}),
                List.of(Map.of("a", 2), Map.of("b", 1, "a", 10), Map.of("b", 1)));
        for (List<Object> values : ascending) {
            equal(HeldRows.compare(null, values.get(0)) < 0, true);
            equal(HeldRows.compare(values.get(0), null) > 0, true);
            for (int first = 0; first < values.size(); first++) {
                for (int second = 0; second < values.size(); second++) {
                    int order = HeldRows.compare(values.get(first), values.get(second));
                    equal(Integer.signum(order), Integer.compare(first, second));
                }
            }
        }
        equal(HeldRows.compare(null, null), 0);
    }
}
