package kda;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import streaming.Limits;
import streaming.RecordText;
import streaming.Refusal;
import streaming.Unread;

/**
 * The rows of a record that is CSV, each with its columns in their order. Cells that have no column are left out,
 * columns that have no cell are NULL. A row without any character is none.
 *
 * <p>A cell may stand in double quotes, with blanks before and after them; inside, delimiters are characters, and a
 * quote is two. A carriage return before the row delimiter {@code \n} belongs to it.
 */
final class CsvRows implements Schema.Format {
    private final Row row;
    private final String rowDelimiter;
    private final String columnDelimiter;

    private CsvRows(Row row, String rowDelimiter, String columnDelimiter) {
        this.row = row;
        this.rowDelimiter = rowDelimiter;
        this.columnDelimiter = columnDelimiter;
    }

    /**
     * Rows with these delimiters, in which {@code \n}, {@code \r}, {@code \t} and two backslashes are one character.
     *
     * @throws ValidationException if the delimiters cannot be told from each other or from quotes, or a column has a
     *     path
     */
    static CsvRows of(Row row, String rowDelimiter, String columnDelimiter) {
        for (Column column : row.columns) {
            if (column.path != null) {
                throw new ValidationException("A column of CSV has no path: " + column.name + " has one.");
            }
        }
        String ofRows = unescaped(rowDelimiter);
        String ofColumns = unescaped(columnDelimiter);
        boolean isEmpty = ofRows.isEmpty() || ofColumns.isEmpty();
        if (isEmpty || ofRows.equals(ofColumns) || (ofRows + ofColumns).contains("\"")) {
            throw new ValidationException("CSV needs two delimiters, of rows and of columns, without a double quote.");
        }
        return new CsvRows(row, ofRows, ofColumns);
    }

    private static String unescaped(String delimiter) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < delimiter.length(); i++) {
            boolean mayBeEscape = delimiter.charAt(i) == '\\' && i + 1 < delimiter.length();
            int escape = mayBeEscape ? "nrt\\".indexOf(delimiter.charAt(i + 1)) : -1;
            plain.append(escape < 0 ? delimiter.charAt(i) : "\n\r\t\\".charAt(escape));
            i += escape < 0 ? 0 : 1;
        }
        return plain.toString();
    }

    @Override
    public List<RowData> rows(byte[] line) {
        try {
            String text = RecordText.ofAnyForm(line);
            List<Cells> all = new Reading(text).all();
            Refusal.unless(!all.isEmpty(), "is empty");
            List<RowData> rows = new ArrayList<>(all.size());
            for (Cells cells : all) {
                rows.add(cells.row(all.size() == 1 ? 0 : rows.size() + 1, text));
            }
            return rows;
        } catch (Exception | StackOverflowError e) {
            return List.of(row.unread("The record", Unread.reason(e), null));
        }
    }

    /** A row's cells. */
    private final class Cells {
        private final List<String> cells = new ArrayList<>(); // null: empty, without quotes
        private String broken; // why they cannot be read, or null
        private int begin; // in the record's text
        private int end;

        void add(String cell) {
            if (cells.size() < row.columns.size()) {
                cells.add(cell);
            }
        }

        /** The row. number: among those of its record, or 0 if it is the only one; text: of the record. */
        RowData row(int number, String text) {
            if (broken != null) {
                return row.unread(
                        number == 0 ? "The record" : "Row " + number,
                        broken,
                        number == 0 ? null : text.substring(begin, end));
            }
            Values values = new Values(row, number);
            values.at(begin, number == 0 ? 0 : end);
            for (int i = 0; i < cells.size(); i++) {
                String cell = cells.get(i);
                boolean isText = row.columns.get(i).type instanceof Text;
                if (cell != null && (isText || !cell.isBlank())) {
                    values.take(i, JsonToken.VALUE_STRING, cell);
                }
            }
            return values.row(text);
        }
    }

    /** Reads one record. */
    private final class Reading {
        private final String text;
        private int at;

        Reading(String text) {
            this.text = text;
        }

        List<Cells> all() throws Refusal {
            List<Cells> all = new ArrayList<>();
            while (at < text.length()) {
                if (rowEnd() == 0) {
                    Limits.check(all.size() + 1, row.columns.size());
                    int begin = at;
                    Cells cells = cells();
                    cells.begin = begin;
                    cells.end = at;
                    all.add(cells);
                }
                at += rowEnd();
            }
            return all;
        }

        /** Reads to the end of the row, before its delimiter. */
        private Cells cells() {
            Cells cells = new Cells();
            boolean goesOn = true;
            while (goesOn) {
                int start = at;
                skipBlanks();
                if (text.startsWith("\"", at)) {
                    cells.add(quoted(cells));
                } else {
                    at = start;
                    skipToDelimiter();
                    cells.add(at == start ? null : text.substring(start, at));
                }
                goesOn = isColumnEnd();
                at += goesOn ? columnDelimiter.length() : 0;
            }
            return cells;
        }

        /** The text in the quotes that begin here; reads to the delimiter after them. */
        private String quoted(Cells cells) {
            StringBuilder inside = new StringBuilder();
            int end = text.indexOf('"', ++at);
            while (end >= 0 && text.startsWith("\"", end + 1)) {
                inside.append(text, at, end + 1);
                at = end + 2;
                end = text.indexOf('"', at);
            }
            if (end < 0) {
                cells.broken = "has a quote that is not closed";
                at = text.length();
                return null;
            }
            inside.append(text, at, end);
            at = end + 1;
            skipBlanks();
            if (at < text.length() && rowEnd() == 0 && !isColumnEnd()) {
                cells.broken = "has a cell that goes on after its quotes";
                skipToDelimiter();
            }
            return inside.toString();
        }

        private void skipBlanks() {
            while (at < text.length() && " \t".indexOf(text.charAt(at)) >= 0 && rowEnd() == 0 && !isColumnEnd()) {
                at++;
            }
        }

        private void skipToDelimiter() {
            while (at < text.length() && (isPlain(text.charAt(at)) || rowEnd() == 0 && !isColumnEnd())) {
                at++;
            }
        }

        /** Whether no delimiter begins with a character, so that most need no further look. */
        private boolean isPlain(char character) {
            return character != '\r'
                    && character != rowDelimiter.charAt(0)
                    && character != columnDelimiter.charAt(0);
        }

        /** The characters of the row's end that stands here; 0 if none does. */
        private int rowEnd() {
            boolean isReturn = rowDelimiter.equals("\n") && text.startsWith("\r", at);
            if (isReturn && at + 1 == text.length()) {
                return 1;
            }
            int before = isReturn ? 1 : 0;
            boolean isEnd = text.startsWith(rowDelimiter, at + before);
            boolean isLonger = columnDelimiter.length() > rowDelimiter.length() && text.startsWith(columnDelimiter, at);
            return isEnd && !isLonger ? before + rowDelimiter.length() : 0;
        }

        private boolean isColumnEnd() {
            return rowEnd() == 0 && text.startsWith(columnDelimiter, at);
        }
    }
}
