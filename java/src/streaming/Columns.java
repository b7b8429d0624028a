package streaming;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;

/** The columns that a literal declares, such as {@code Name STRING NOT NULL, Age INT}. */
final class Columns {
    private static final String TYPE =
            "(STRING|DOUBLE|INT|BIGINT|BOOLEAN|TIMESTAMP\\(3\\)|DECIMAL\\(\\s*\\d+\\s*,\\s*\\d+\\s*\\))";
    private static final String NOT_NULL = "\\s+NOT\\s+NULL";
    private static final Pattern LITERAL =
            Pattern.compile("(?i)(\\s*(\\w+|`[^`]+`)\\s+" + TYPE + "(" + NOT_NULL + ")?\\s*(,(?!\\s*$)|$))+");

    private static final int[] NONE = {};

    private final List<Column> all = new ArrayList<>();
    private final Map<String, Integer> numbers = new HashMap<>();

    private final byte[][] names; // in UTF-8
    private final int[][] byLength; // the numbers of the columns whose names have so many bytes

    private Columns(RowType row) {
        for (RowType.RowField field : row.getFields()) {
            numbers.put(field.getName(), all.size());
            all.add(new Column(field.getName(), field.getType()));
        }
        names = all.stream().map(column -> column.name.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
        int longest = Arrays.stream(names).mapToInt(name -> name.length).max().orElse(0);
        byLength = IntStream.rangeClosed(0, longest).mapToObj(this::ofLength).toArray(int[][]::new);
    }

    private int[] ofLength(int length) {
        return IntStream.range(0, names.length).filter(number -> names[number].length == length).toArray();
    }

    /**
     * The columns of a literal.
     *
     * @throws ValidationException if it declares none, or with a type that JSON values are not converted to
     */
    static Columns of(String literal) {
        return new Columns((RowType) LogicalTypeParser.parse("ROW<" + check(literal) + ">", Columns.class.getClassLoader()));
    }

    /**
     * The type of the function's result: all nullable, as a rejected record lacks values.
     *
     * @throws ValidationException as {@link #of} does, but for names that stand there twice
     */
    static String nullableRow(String literal) {
        return "ROW<error STRING, message STRING, " + check(literal).replaceAll("(?i)" + NOT_NULL, "") + ">";
    }

    private static String check(String literal) {
        if (!LITERAL.matcher(literal).matches()) {
            throw new ValidationException(
                    "json_record takes a literal such as 'Name STRING NOT NULL, Age INT' of STRING, DOUBLE, INT, BIGINT,"
                            + " BOOLEAN, DECIMAL(p, s) and TIMESTAMP(3) columns, not: "
                            + literal);
        }
        return literal;
    }

    int count() {
        return all.size();
    }

    Column get(int number) {
        return all.get(number);
    }

    /** The number of the column whose name these bytes are in UTF-8, or -1. */
    int number(byte[] line, int from, int to) {
        int length = to - from;
        int[] alike = length < byLength.length ? byLength[length] : NONE;
        for (int number : alike) {
            if (Arrays.equals(names[number], 0, length, line, from, to)) {
                return number;
            }
        }
        return -1;
    }

    /** The column's number from 0, or -1 for a key that is none. */
    int number(String key) {
        return numbers.getOrDefault(key, -1);
    }
}
