package streaming;

import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/**
 * Reads lines into rows of {@code error, message, columns...}, as {@link JsonRecord} promises.
 */
public final class RecordReader {
    private static final int FIRST = 2; // field of the row that is a column; before it are error and message
    private static final int NO_COLUMN = -1;
    private static final StringData PARSE = StringData.fromString("PARSE");
    private static final StringData COERCION = StringData.fromString("COERCION");

    private final Columns columns;
    private final PlainRecord plain;
    private final JsonFactory json;

    RecordReader(Columns columns) {
        this(columns, factory());
    }

    private RecordReader(Columns columns, JsonFactory json) {
        this.columns = columns;
        this.plain = new PlainRecord(columns, FIRST);
        this.json = json;
    }

    /** With a parser of one's own, for tests. */
    public static RecordReader using(String columns, JsonFactory json) {
        return new RecordReader(Columns.of(columns), json);
    }

    /** Anyone can send keys, so none may fill a cache for ever. */
    public static JsonFactory factory() {
        return new JsonFactory()
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW);
    }

    /** A new row. It never throws: whatever goes wrong is the record's PARSE. */
    public RowData read(byte[] line) {
        RowData row = plain(line);
        return row != null ? row : parsed(line);
    }

    /** The same straight from the bytes of a plain record; null for all others. */
    public RowData plain(byte[] line) {
        return plain.read(line);
    }

    /** The same by a parser of JSON, whatever the line is. */
    public RowData parsed(byte[] line) {
        try {
            String text = RecordText.of(line);
            GenericRowData row = new GenericRowData(FIRST + columns.count());
            String wrong = fill(row, text);
            if (wrong != null) {
                refuse(row, COERCION, wrong);
            }
            return row;
        } catch (Exception | StackOverflowError e) {
            return unread(Unread.reason(e));
        }
    }

    private RowData unread(String reason) {
        GenericRowData row = new GenericRowData(FIRST + columns.count());
        refuse(row, PARSE, "The record " + reason + ".");
        return row;
    }

    private static void refuse(GenericRowData row, StringData error, String message) {
        row.setField(0, error);
        row.setField(1, StringData.fromString(message));
    }

    /** Fills the row; returns what is wrong with its first bad column, or null. */
    private String fill(GenericRowData row, String text) throws Refusal, IOException {
        String[] wrong = new String[columns.count()];
        boolean[] isFound = new boolean[columns.count()];
        try (JsonParser parser = json.createParser(text)) {
            JsonToken start = parser.nextToken();
            Refusal.unless(start == JsonToken.START_OBJECT, RecordText.isNoObject(start, text));
            int depth = 1;
            int column = NO_COLUMN; // whose value comes next
            while (depth > 0) {
                JsonToken token = parser.nextToken();
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                Limits.check(parser, token, depth);
                if (column != NO_COLUMN) {
                    wrong[column] = take(parser, token, column, isFound, row);
                }
                boolean isColumn = token == JsonToken.FIELD_NAME && depth == 1;
                column = isColumn ? columns.number(parser.getCurrentName()) : NO_COLUMN;
            }
            Refusal.unless(parser.nextToken() == null, RecordText.GOES_ON);
        }
        return firstWrong(wrong, isFound, text);
    }

    /** Puts the value of a column into the row; returns what is wrong with it, or null. */
    private String take(JsonParser parser, JsonToken token, int number, boolean[] isFound, GenericRowData row)
            throws IOException {
        Column column = columns.get(number);
        if (isFound[number]) {
            row.setField(FIRST + number, null);
            return column.isTwice();
        }
        isFound[number] = true;
        if (token == JsonToken.VALUE_NULL && !column.isRequired) {
            return null;
        }
        Object value = column.value(token, parser.getText());
        row.setField(FIRST + number, value);
        return value == null ? column.refuses(token, parser.getText()) : null;
    }

    private String firstWrong(String[] wrong, boolean[] isFound, String text) throws IOException {
        for (int i = 0; i < columns.count(); i++) {
            if (wrong[i] != null) {
                return wrong[i];
            }
            if (!isFound[i] && columns.get(i).isRequired) {
                return columns.get(i).isMissing(SimilarKey.find(json, text, columns.get(i).name, columns));
            }
        }
        return null;
    }
}
