package streaming;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.GenericRowData;

/**
 * Reads records that are as they should be, in one pass over their bytes: a text is made of no value but those of
 * columns, and nothing is decoded.
 *
 * <p>Whatever is not plain is left to {@link RecordReader}, which reads it again with a parser of JSON, and says what is
 * wrong: an escape, a value that stands for none of its column, a column that is missing or there twice, and all that is
 * not JSON. So this reader may give up, but must take no record that the other refuses, and no other value of it.
 */
final class PlainRecord {
    private static final int MAX_DEPTH = 32; // of what no column wants
    private static final int MAX_TOKEN = 1_000; // bytes of a key or number

    private final Columns columns;
    private final int fields; // of the row before its columns
    private final boolean[] isFound;
    private byte[] line;
    private int at;
    private int from; // of the text or number that was read last, without its quotes
    private int to;

    PlainRecord(Columns columns, int fields) {
        this.columns = columns;
        this.fields = fields;
        this.isFound = new boolean[columns.count()];
    }

    /** A new row, whose first fields are NULL; null unless the record is plain. */
    GenericRowData read(byte[] record) {
        if (record == null || record.length > Limits.MAX_BYTES) {
            return null;
        }
        line = record;
        at = 0;
        Arrays.fill(isFound, false);
        GenericRowData row = new GenericRowData(fields + columns.count());
        boolean isPlain = isNext('{') && isObject(row) && isEnd() && isComplete();
        line = null;
        return isPlain ? row : null;
    }

    private boolean isEnd() {
        skipSpace();
        return at == line.length;
    }

    private boolean isComplete() {
        for (int i = 0; i < isFound.length; i++) {
            if (!isFound[i] && columns.get(i).isRequired) {
                return false;
            }
        }
        return true;
    }

    /** The rest of the record's object, whose brace is read. */
    private boolean isObject(GenericRowData row) {
        if (isNext('}')) {
            return true;
        }
        do {
            if (!isKey()) {
                return false;
            }
            int column = columns.number(line, from, to);
            boolean isPlain = column < 0 ? isSkipped(1) : isTaken(column, row);
            if (!isPlain) {
                return false;
            }
        } while (isNext(','));
        return isNext('}');
    }

    private boolean isKey() {
        return isNext('"') && isText() && to - from <= MAX_TOKEN && isNext(':');
    }

    /** A column's value, which goes into the row. */
    private boolean isTaken(int number, GenericRowData row) {
        if (isFound[number]) {
            return false;
        }
        isFound[number] = true;
        Column column = columns.get(number);
        JsonToken token = scalar();
        if (token == JsonToken.VALUE_NULL) {
            return !column.isRequired;
        }
        Object value = token == null ? null : column.value(token, line, from, to);
        row.setField(fields + number, value);
        return value != null;
    }

    /** A value that no column wants, in so many objects and arrays. */
    private boolean isSkipped(int depth) {
        boolean isObject = isNext('{');
        if (!isObject && !isNext('[')) {
            return scalar() != null;
        }
        char end = isObject ? '}' : ']';
        if (isNext(end)) {
            return true;
        }
        do {
            if (depth == MAX_DEPTH || isObject && !isKey() || !isSkipped(depth + 1)) {
                return false;
            }
        } while (isNext(','));
        return isNext(end);
    }

    /** Which text, number or word is here; null for none. */
    private JsonToken scalar() {
        if (isNext('"')) {
            return isText() ? JsonToken.VALUE_STRING : null;
        }
        from = at; // after white space
        switch (peek()) {
            case 't':
                return isWord("true") ? JsonToken.VALUE_TRUE : null;
            case 'f':
                return isWord("false") ? JsonToken.VALUE_FALSE : null;
            case 'n':
                return isWord("null") ? JsonToken.VALUE_NULL : null;
            default:
                return number();
        }
    }

    private boolean isWord(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (!isHere(word.charAt(i))) {
                return false;
            }
        }
        to = at;
        return true;
    }

    private JsonToken number() {
        isHere('-');
        if (!isHere('0') && !areDigits()) {
            return null;
        }
        boolean isWhole = true;
        if (isHere('.')) {
            isWhole = false;
            if (!areDigits()) {
                return null;
            }
        }
        if (isHere('e') || isHere('E')) {
            isWhole = false;
            if (!isHere('-')) {
                isHere('+');
            }
            if (!areDigits()) {
                return null;
            }
        }
        to = at;
        if (to - from > MAX_TOKEN) {
            return null;
        }
        return isWhole ? JsonToken.VALUE_NUMBER_INT : JsonToken.VALUE_NUMBER_FLOAT;
    }

    private boolean areDigits() {
        int first = at;
        while (at < line.length && line[at] >= '0' && line[at] <= '9') {
            at++;
        }
        return at > first;
    }

    /** The rest of a text, whose first quote is read. */
    private boolean isText() {
        from = at;
        boolean isAscii = true;
        while (at < line.length) {
            byte c = line[at++];
            if (c == '"') {
                to = at - 1;
                return isAscii || isUtf8(line, from, to);
            }
            if (c == '\\' || c >= 0 && c < ' ') {
                return false;
            }
            isAscii &= c >= 0;
        }
        return false;
    }

    private static boolean isUtf8(byte[] bytes, int from, int to) {
        byte[] again = new String(bytes, from, to - from, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
        return Arrays.equals(bytes, from, to, again, 0, again.length);
    }

    /** Goes on behind this character, if it comes next but for white space. */
    private boolean isNext(char wanted) {
        skipSpace();
        return isHere(wanted);
    }

    private boolean isHere(char wanted) {
        boolean isHere = at < line.length && line[at] == wanted;
        if (isHere) {
            at++;
        }
        return isHere;
    }

    private int peek() {
        return at < line.length ? line[at] : -1;
    }

    private void skipSpace() {
        while (at < line.length && (line[at] == ' ' || line[at] == '\n' || line[at] == '\r' || line[at] == '\t')) {
            at++;
        }
    }
}
