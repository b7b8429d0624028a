package kda;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import streaming.Shown;

/** Which rows of a table have one key, and which have one content. */
final class Identity {
    private static final int BYTES = 16; // of a digest: two of 2^64 rows are expected to share one

    private static final Pattern NAME = Pattern.compile("`([^`]+)`");

    private final List<Column> columns;
    private final int[] key; // places among the columns
    private final RowData.FieldGetter[] getters; // of the columns
    private final RowData.FieldGetter[] ofEntry; // of the key, in the state
    private final MessageDigest sha256 = sha256(); // a new one for each row would take as long as the digest

    private Identity(List<Column> columns, int[] key) {
        this.columns = columns;
        this.key = key;
        this.getters = new RowData.FieldGetter[columns.size()];
        for (int i = 0; i < getters.length; i++) {
            getters[i] = getter(columns.get(i), Row.FIRST + i);
        }
        this.ofEntry = new RowData.FieldGetter[key.length];
        for (int i = 0; i < key.length; i++) {
            ofEntry[i] = getter(columns.get(key[i]), Known.KEY + i);
        }
    }

    private static RowData.FieldGetter getter(Column column, int place) {
        String type = column.type.flink();
        return RowData.createFieldGetter(LogicalTypeParser.parse(type, Identity.class.getClassLoader()), place);
    }

    static Identity of(List<Column> columns, String key) {
        List<Integer> places = new ArrayList<>();
        Matcher names = NAME.matcher(key);
        while (names.find()) {
            places.add(place(columns, names.group(1)));
        }
        if (places.isEmpty()) {
            throw new ValidationException("The key of reference_rows names columns such as `a`, `b`, not: " + key);
        }
        return new Identity(columns, places.stream().mapToInt(Integer::intValue).toArray());
    }

    private static int place(List<Column> columns, String name) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name.equals(name)) {
                return i;
            }
        }
        throw new ValidationException("The key of reference_rows names " + name + ", which is none of its columns.");
    }

    /** The key of a row, as a text that no other key has; null if it is NULL in a column, as no lookup finds it. */
    String key(RowData row) {
        StringBuilder text = new StringBuilder();
        for (int place : key) {
            Object value = value(row, place);
            if (value == null) {
                return null;
            }
            add(text, value);
        }
        return text.toString();
    }

    /** The first column of the key that is NULL in a row, for people. */
    String nullColumn(RowData row) {
        int found = Arrays.stream(key).filter(place -> value(row, place) == null).findFirst().getAsInt();
        return Shown.key(columns.get(found).name);
    }

    /** The key of a row, for people: {@code "station" = 17}. */
    String shown(RowData row) {
        return Arrays.stream(key)
                .mapToObj(place -> Shown.key(columns.get(place).name) + " = " + Shown.text(text(value(row, place))))
                .collect(Collectors.joining(" and "));
    }

    /** The columns of the key. */
    List<Column> columns() {
        return Arrays.stream(key).mapToObj(columns::get).collect(Collectors.toList());
    }

    /** The values of the key's columns. */
    Object[] values(RowData row) {
        return Arrays.stream(key).mapToObj(place -> value(row, place)).toArray();
    }

    /** A row that has the values of the key alone, of an entry of {@link Known}. */
    RowData record(RowData entry) {
        GenericRowData row = new GenericRowData(Row.FIRST + columns.size());
        for (int i = 0; i < key.length; i++) {
            row.setField(Row.FIRST + key[i], ofEntry[i].getFieldOrNull(entry));
        }
        return row;
    }

    /** A digest of all values. */
    byte[] digest(RowData row) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < columns.size(); i++) {
            add(text, value(row, i));
        }
        return Arrays.copyOf(sha256.digest(text.toString().getBytes(StandardCharsets.UTF_8)), BYTES);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private static void add(StringBuilder text, Object value) {
        if (value == null) {
            text.append('-');
        } else {
            String written = text(value);
            text.append(written.length()).append(':').append(written);
        }
    }

    private static String text(Object value) {
        return value instanceof byte[] ? HexFormat.of().formatHex((byte[]) value) : value.toString();
    }

    private Object value(RowData row, int place) {
        return getters[place].getFieldOrNull(row);
    }
}
