package kda;

import static aws.Cases.equal;

import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import reference.Block;

/** Versions of reference data in blocks, without Flink: which rows come with which mark. */
public final class ReferenceRowsCases {
    private static final DataType TABLE =
            DataTypes.ROW(
                    DataTypes.FIELD("line", DataTypes.BYTES()),
                    DataTypes.FIELD("shard", DataTypes.STRING()),
                    DataTypes.FIELD("sequence_number", DataTypes.STRING()),
                    DataTypes.FIELD("part", DataTypes.STRING()),
                    DataTypes.FIELD("arrival", DataTypes.TIMESTAMP(3)));

    private ReferenceRowsCases() {}

    /** A function and its state, which outlives it. */
    private static final class On implements Collector<RowData> {
        private final MapView<String, ReferenceRows.Progress> progress = new MapView<>();
        private final MapView<String, RowData> known = new MapView<>();
        private final MapView<Integer, byte[]> changes = new MapView<>();
        private final List<String> rows = new ArrayList<>();
        private ReferenceRows function;

        On() {
            restart();
        }

        void restart() {
            function = new ReferenceRows();
            function.setCollector(this);
        }

        /** The rows that come with a mark: key and value, key and a minus, or an exclamation mark and a message. */
        List<String> mark(String mark, byte[] content) throws Exception {
            Object[] given = {content, "a.csv", null, mark, LocalDateTime.of(2026, 11, 28, 6, 0)};
            function.eval(
                    context(), progress, known, changes, Row.of(given), "`k` VARCHAR(4), `v` VARCHAR(4)", "CSV", "`k`", null,
                    "\\n", ",");
            List<String> found = List.copyOf(rows);
            rows.clear();
            return found;
        }

        List<String> mark(String mark) throws Exception {
            return mark(mark, null);
        }

        List<String> lines(String... lines) throws Exception {
            Block block = new Block();
            for (String line : lines) {
                block.add(line.getBytes(StandardCharsets.UTF_8));
            }
            return mark("LINES", block.bytes());
        }

        private static ProcessTableFunction.Context context() {
            TableSemantics table = proxy(TableSemantics.class, TABLE);
            return proxy(ProcessTableFunction.Context.class, table);
        }

        /** Whatever is asked of it, the answer is the same. */
        private static <T> T proxy(Class<T> type, Object answer) {
            return type.cast(
                    Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, asked, given) -> answer));
        }

        @Override
        public void collect(RowData row) {
            RowData record = row.getRow(2, 5);
            if (!record.isNullAt(0)) {
                rows.add("!" + record.getString(1));
            } else {
                rows.add(record.getString(3) + (row.getBoolean(3) ? "" + record.getString(4) : "-"));
            }
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    private static On withFirst() throws Exception {
        On on = new On();
        equal(on.mark("BEGIN"), List.of());
        equal(on.lines("a,1", "b,1"), List.of("a1", "b1"));
        equal(on.lines("c,1"), List.of("c1"));
        equal(on.mark("END"), List.of());
        return on;
    }

    /** The lines of a first version are rows at once; none waits in the state. */
    public static void aFirstVersionComesAsItIsRead() throws Exception {
        On on = withFirst();
        equal(on.changes.getMap().size(), 0);
        equal(on.known.getMap().size(), 3);
    }

    /** Of a key that is twice, the last row counts, also if the rows are in different blocks; each row more is told. */
    public static void aKeyTwiceInTheFirst() throws Exception {
        On on = new On();
        on.mark("BEGIN");
        equal(on.lines("a,1", "a,2"), List.of("a1", "!k = a is there twice.", "a2"));
        equal(on.lines("a,3", "x,\"1"), List.of("!k = a is there twice.", "a3", "!The record has a quote that is not closed."));
        on.mark("END");
        on.mark("BEGIN");
        on.lines("a,3");
        equal(on.mark("TURN"), List.of());
    }

    /** A first version that is begun anew: what only the abandoned one had is gone at its end. */
    public static void aFirstVersionThatIsBegunAnew() throws Exception {
        On on = new On();
        on.mark("BEGIN");
        equal(on.lines("a,1", "b,1"), List.of("a1", "b1"));
        on.mark("BEGIN");
        equal(on.lines("a,1", "c,2"), List.of("c2"));
        equal(on.mark("END"), List.of("b-"));
        equal(on.known.getMap().keySet().size(), 2);
    }

    /** The rows of a later version come turn by turn, each block's in its own, also when another function goes on. */
    public static void aLaterVersionComesInItsTurns() throws Exception {
        On on = withFirst();
        on.mark("BEGIN");
        equal(on.lines("a,2", "b,1"), List.of());
        equal(on.lines("b2,1"), List.of());
        equal(on.lines("b3,1", "a4,1"), List.of());
        on.restart();
        equal(on.mark("TURN"), List.of("a2"));
        on.restart();
        equal(on.mark("TURN"), List.of("b21"));
        equal(on.mark("TURN"), List.of("b31", "a41"));
        equal(on.mark("END"), List.of("c-"));
        equal(on.changes.getMap().size(), 0);
        equal(on.known.getMap().size(), 5);
    }

    /** A version that has not changed sends nothing. */
    public static void theSameAgain() throws Exception {
        On on = withFirst();
        on.mark("BEGIN");
        on.lines("c,1", "a,1", "b,1");
        equal(on.mark("TURN"), List.of());
        equal(on.mark("END"), List.of());
    }

    /** A bad version sends one row, at its end, and the one after it is compared with the one before it. */
    public static void aBadVersion() throws Exception {
        On on = withFirst();
        on.mark("BEGIN");
        equal(on.lines("a,2", "new,2"), List.of());
        equal(on.lines("b,2", "a,2"), List.of());
        equal(on.mark("TURN"), List.of());
        equal(on.mark("TURN"), List.of());
        equal(
                on.mark("END"),
                List.of(
                        "!a.csv of 2026-11-28 06:00:00 is refused, as 1 of its 4 rows are wrong, first in line 4: k = a"
                                + " is there twice. The version of 2026-11-28 06:00:00 stays."));
        equal(on.changes.getMap().size(), 0);
        on.mark("BEGIN");
        on.lines("a,1", "b,3");
        equal(on.mark("TURN"), List.of("b3"));
        equal(on.mark("END"), List.of("c-"));
        equal(on.known.getMap().size(), 2);
    }

    /** A row whose key is NULL is found by no lookup: in a first version it is told, a later one is refused for it. */
    public static void aKeyThatIsNull() throws Exception {
        On on = new On();
        on.mark("BEGIN");
        equal(on.lines(",1", "a,1"), List.of("!k is NULL: no lookup finds the row.", "a1"));
        on.mark("END");
        on.mark("BEGIN");
        equal(on.lines("a,2", ",1"), List.of());
        equal(on.mark("TURN"), List.of());
        equal(
                on.mark("END"),
                List.of(
                        "!a.csv of 2026-11-28 06:00:00 is refused, as 1 of its 2 rows are wrong, first in line 2: k is NULL:"
                                + " no lookup finds the row. The version of 2026-11-28 06:00:00 stays."));
    }

    /** A line without a character is no row, and nothing is wrong with it. */
    public static void blankLines() throws Exception {
        On on = new On();
        on.mark("BEGIN");
        equal(on.lines("", "a,1", "\r"), List.of("a1"));
        on.mark("END");
        on.mark("BEGIN");
        on.lines("a,2", "");
        equal(on.mark("TURN"), List.of("a2"));
        equal(on.mark("END"), List.of());
    }

    /** A first version without a row is told: all lookups find nothing. */
    public static void anEmptyFirstVersion() throws Exception {
        On on = new On();
        on.mark("BEGIN");
        equal(
                on.mark("END"),
                List.of("!a.csv of 2026-11-28 06:00:00 has no row: lookups find none before another version."));
        on.mark("BEGIN");
        on.lines("a,1");
        equal(on.mark("TURN"), List.of("a1"));
        equal(on.mark("END"), List.of());
    }

    /** Versions that are refused leave nothing in the state, however many keys they have. */
    public static void refusedVersionsAreForgotten() throws Exception {
        On on = withFirst();
        for (int i = 0; i < 3; i++) {
            on.mark("BEGIN");
            on.lines("x" + i + ",1", "y" + i + ",1", "a,1", "a,1");
            on.mark("TURN");
            equal(on.mark("END").size(), 1);
            equal(on.known.getMap().size(), 3);
        }
        on.mark("BEGIN");
        on.lines("x1,1", "a,1", "b,1");
        equal(on.mark("TURN"), List.of("x11"));
        equal(on.mark("END"), List.of("c-"));
    }

    /** A key that came back, or went with a version that was refused, is compared with what counts. */
    public static void aKeyThatComesBack() throws Exception {
        On on = withFirst();
        on.mark("BEGIN");
        on.lines("a,1", "b,1");
        on.mark("TURN");
        equal(on.mark("END"), List.of("c-"));
        on.mark("BEGIN");
        equal(on.lines("c,1"), List.of());
        equal(on.mark("FAILED", "it is gone.".getBytes(StandardCharsets.UTF_8)).size(), 1);
        on.mark("BEGIN");
        on.lines("c,1", "a,1", "b,1");
        equal(on.mark("TURN"), List.of("c1"));
        equal(on.mark("END"), List.of());
    }

    /** Of an object that is read once, each line is a row, and nothing is in the state. */
    public static void linesWithoutMarks() throws Exception {
        On on = new On();
        equal(on.mark(null, "a,1".getBytes(StandardCharsets.UTF_8)), List.of("a1"));
        equal(on.mark(null, "a,1".getBytes(StandardCharsets.UTF_8)), List.of("a1"));
        equal(on.known.getMap().size() + on.progress.getMap().size(), 0);
    }
}
