package kda;

import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** Makes rows of {@code error, message, source, columns...}. */
final class Row {
    static final int FIRST = 3; // field of the row that is a column
    private static final StringData PARSE = StringData.fromString("PARSE");
    private static final StringData COERCION = StringData.fromString("COERCION");

    final List<Column> columns;

    Row(List<Column> columns) {
        this.columns = columns;
    }

    /**
     * A row of values. wrong: a sentence about its first bad value, or null; source: its text, or null for that of the
     * whole record.
     */
    RowData of(Object[] values, String wrong, String source) {
        GenericRowData row = new GenericRowData(FIRST + columns.size());
        for (int i = 0; i < values.length; i++) {
            row.setField(FIRST + i, values[i]);
        }
        if (wrong != null) {
            row.setField(0, COERCION);
            row.setField(1, StringData.fromString(wrong));
            row.setField(2, StringData.fromString(source));
        }
        return row;
    }

    /**
     * A row that could not be read; the reason is the rest of a sentence that begins with {@code what}. source: its
     * text, or null for that of the whole record.
     */
    RowData unread(String what, String reason, String source) {
        GenericRowData row = new GenericRowData(FIRST + columns.size());
        row.setField(0, PARSE);
        row.setField(1, StringData.fromString(what + " " + reason + "."));
        row.setField(2, StringData.fromString(source));
        return row;
    }
}
