package kda;

import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.RowData;

/** The values of a row's columns while it is read, and what is wrong with them. */
final class Values {
    private final Row row;
    private final int number; // of the row, or 0
    private final Object[] fields;
    private String[] wrong; // null while nothing is
    private int begin; // of the row in the record's text
    private int end; // 0 if the row is the whole record

    /** number: of the row among those of its record, or 0 if there is one only. */
    Values(Row row, int number) {
        this.row = row;
        this.number = number;
        this.fields = new Object[row.columns.size()];
    }

    /** Takes a value for a column; of {@code null} nothing. */
    void take(int column, JsonToken token, String text) {
        if (token == JsonToken.VALUE_NULL) {
            return;
        }
        fields[column] = row.columns.get(column).type.value(token, text);
        if (fields[column] == null) {
            wrong(column, row.columns.get(column).refuses(token, text, number));
        }
    }

    /** Where the row stands in the text of its record. */
    void at(int begin, int end) {
        this.begin = begin;
        this.end = end;
    }

    /** Takes that columns have values twice. */
    void areTwice(List<Integer> columns) {
        for (int column : columns) {
            fields[column] = null;
            wrong(column, row.columns.get(column).isTwice(number));
        }
    }

    private void wrong(int column, String sentence) {
        if (wrong == null) {
            wrong = new String[fields.length];
        }
        wrong[column] = sentence;
    }

    /**
     * The row of these values and of those that all rows share. record: what is wrong with the record, or null; text: of
     * the record.
     */
    RowData with(Values shared, String record, String text) {
        String first = record;
        for (int i = 0; i < fields.length; i++) {
            fields[i] = fields[i] == null ? shared.fields[i] : fields[i];
            if (first == null && wrong != null) {
                first = wrong[i];
            }
            if (first == null && shared.wrong != null) {
                first = shared.wrong[i];
            }
            fields[i] = isTwice(shared, i) ? null : fields[i];
        }
        return row.of(fields, first, first != null && end > 0 ? text.substring(begin, end) : null);
    }

    private static boolean isTwice(Values shared, int column) {
        return shared.wrong != null && shared.wrong[column] != null;
    }

    /** The row of these values alone. */
    RowData row(String text) {
        return with(new Values(row, 0), null, text);
    }
}
