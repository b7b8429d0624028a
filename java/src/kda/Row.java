package kda;

import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** Makes rows of {@code error, message, columns...}. */
final class Row {
    private static final int FIRST = 2; // field of the row that is a column
    private static final StringData PARSE = StringData.fromString("PARSE");
    private static final StringData COERCION = StringData.fromString("COERCION");

    final List<Column> columns;

    Row(List<Column> columns) {
        this.columns = columns;
    }

    /** A row of values; {@code wrong} is a sentence about its first bad one, or null. */
    RowData of(Object[] values, String wrong) {
        GenericRowData row = new GenericRowData(FIRST + columns.size());
        for (int i = 0; i < values.length; i++) {
            row.setField(FIRST + i, values[i]);
        }
        if (wrong != null) {
            row.setField(0, COERCION);
            row.setField(1, StringData.fromString(wrong));
        }
        return row;
    }

    /** A row that could not be read; the reason is the rest of a sentence that begins with {@code what}. */
    RowData unread(String what, String reason) {
        GenericRowData row = new GenericRowData(FIRST + columns.size());
        row.setField(0, PARSE);
        row.setField(1, StringData.fromString(what + " " + reason + "."));
        return row;
    }
}
