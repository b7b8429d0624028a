package streaming;

import java.util.Arrays;
import java.util.Objects;
import org.apache.flink.table.data.RowData;

/**
 * The row that was read last in this thread: a source and the operators behind it share it.
 *
 * <p>A function that reads records is called for each reference to its result: Flink evaluates a computed column anew for
 * each of them, and a source evaluates the watermark before the operators behind it do, with a copy of the line. So the
 * last row is kept. That is safe, because equal bytes are equal rows, sources make a new array for each record, and nothing
 * changes a row once it was returned.
 */
public final class LastRow {
    private static final ThreadLocal<LastRow> OF_THREAD = ThreadLocal.withInitial(LastRow::new);

    private byte[] line;
    private Object literals;
    private RowData row;

    private LastRow() {}

    /** That of this thread. */
    public static LastRow ofThread() {
        return OF_THREAD.get();
    }

    /** The row, if it was read from these bytes with these literals; else null. */
    public RowData of(byte[] line, Object literals) {
        return Arrays.equals(line, this.line) && Objects.equals(literals, this.literals) ? row : null;
    }

    /** Keeps a row, and returns it. */
    public RowData keep(byte[] line, Object literals, RowData row) {
        this.line = line;
        this.literals = literals;
        this.row = row;
        return row;
    }
}
