package streaming;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Several JSON objects in one record, one after the other, with or without white space or line breaks between them.
 *
 * <p>Each object is a part. Its part goes on until the next one begins, so that the parts together are the record. What
 * follows an object on its line and is no object belongs to that part. A line after an object that does not begin with
 * a brace is a part of its own. From where the brackets do not close, the rest is one part. So a record that does not
 * begin with an object, or holds one only, stays whole, whatever it is.
 *
 * <p>Brackets are counted outside of texts; nothing else of JSON is looked at.
 */
public final class Documents {
    private final byte[] record;
    private final List<Integer> starts = new ArrayList<>();

    private Documents(byte[] record) {
        this.record = record;
    }

    /** The parts of a record in their order; a record that is one part is itself, the same array. */
    public static List<byte[]> of(byte[] record) {
        return mayBeSeveral(record) ? new Documents(record).split() : List.of(record);
    }

    /** Quickly, for nearly all records: whether a brace closes before the record's last byte that is no white space. */
    private static boolean mayBeSeveral(byte[] record) {
        int first = skipSpace(record, 0);
        if (first == record.length || record[first] != '{') {
            return false;
        }
        if (first + 1 < record.length && record[first + 1] == 0) {
            return false; // UTF-16 or UTF-32
        }
        for (int i = first; i < record.length; i++) {
            if (record[i] == '}') {
                return skipSpace(record, i + 1) < record.length;
            }
        }
        return false;
    }

    private List<byte[]> split() {
        int at = skipSpace(record, 0);
        starts.add(0); // with the white space before it
        while (at < record.length) {
            at = next(record[at] == '{' ? endOfObject(at) : at);
            if (at < record.length) {
                starts.add(at);
            }
        }
        return starts.size() == 1 ? List.of(record) : parts();
    }

    /**
     * Where the next part begins, after an object that ends here: an object on this line, or whatever is on the next.
     */
    private int next(int at) {
        int i = at;
        while (i < record.length) {
            byte c = record[i];
            if (c == '\n') {
                return skipSpace(record, i);
            }
            if (!isSpace(c)) {
                return c == '{' ? i : endOfLine(i);
            }
            i++;
        }
        return i;
    }

    private int endOfLine(int from) {
        int i = from;
        while (i < record.length && record[i] != '\n') {
            i++;
        }
        return skipSpace(record, i);
    }

    /** The place after the object that begins here, or the record's end if it does not close. */
    private int endOfObject(int from) {
        int depth = 0;
        for (int i = from; i < record.length; i++) {
            switch (record[i]) {
                case '"':
                    i = endOfText(i);
                    break;
                case '{':
                case '[':
                    depth++;
                    break;
                case '}':
                case ']':
                    if (--depth == 0) {
                        return i + 1;
                    }
                    break;
                default:
            }
        }
        return record.length;
    }

    /** The place of the quote that ends the text which begins here. */
    private int endOfText(int from) {
        int i = from + 1;
        while (i < record.length && record[i] != '"') {
            i += record[i] == '\\' ? 2 : 1;
        }
        return i;
    }

    private List<byte[]> parts() {
        List<byte[]> parts = new ArrayList<>(starts.size());
        for (int i = 0; i < starts.size(); i++) {
            int end = i + 1 < starts.size() ? starts.get(i + 1) : record.length;
            parts.add(Arrays.copyOfRange(record, starts.get(i), end));
        }
        return parts;
    }

    private static int skipSpace(byte[] bytes, int from) {
        int i = from;
        while (i < bytes.length && isSpace(bytes[i])) {
            i++;
        }
        return i;
    }

    /** White space in JSON. */
    private static boolean isSpace(byte c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }
}
