package kda;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.table.api.ValidationException;

/**
 * The literal that declares columns, such as {@code `TICKER` VARCHAR(4) $.TICKER, `price` DOUBLE $.quote.price}. Names
 * may have any character but a backtick. A path ends at a comma before the next backtick, or with the literal.
 */
final class ColumnsLiteral {
    private static final Pattern COLUMN =
            Pattern.compile("\\s*`([^`]+)`\\s+(\\w+)\\s*(?:\\(([\\s\\d,]*)\\))?\\s*");
    private static final Pattern PATH = Pattern.compile("(\\$.*?)\\s*(?:,(?=\\s*(?:`|$))|$)", Pattern.DOTALL);
    private static final Pattern END = Pattern.compile("\\s*(?:(,)|$)");
    // A row has these already; the name of a column that is one of them has an underscore more in it.
    private static final Set<String> TAKEN = Set.of("error", "message", "source");

    private final String text;

    ColumnsLiteral(String text) {
        this.text = text;
    }

    /**
     * The columns in their order.
     *
     * @throws ValidationException if there are none, or a name twice, or one with a type that there is not
     */
    List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Matcher column = COLUMN.matcher(text);
        int at = 0;
        boolean goesOn = true;
        while (goesOn) {
            check(column.region(at, text.length()).lookingAt(), at);
            at = column.end();
            String name = column.group(1);
            if (!names.add(name)) {
                throw new ValidationException("The columns of kda_rows have two of the name " + name + ".");
            }
            Path path = null;
            if (text.startsWith("$", at)) {
                Matcher written = PATH.matcher(text).region(at, text.length());
                check(written.lookingAt(), at);
                path = Path.of(written.group(1));
                at = written.end(1);
            }
            columns.add(new Column(name, name, Conversion.of(column.group(2), column.group(3)), path));
            Matcher end = END.matcher(text).region(at, text.length());
            check(end.lookingAt(), at);
            goesOn = end.group(1) != null;
            at = end.end();
        }
        return withFields(columns, names);
    }

    private static List<Column> withFields(List<Column> columns, Set<String> names) {
        List<Column> all = new ArrayList<>();
        for (Column column : columns) {
            String field = column.name;
            while (TAKEN.contains(field) || !field.equals(column.name) && names.contains(field)) {
                field += "_";
            }
            all.add(new Column(column.name, field, column.type, column.path));
        }
        return all;
    }

    private void check(boolean holds, int at) {
        if (!holds) {
            throw new ValidationException(
                    "kda_rows takes columns such as '`a` VARCHAR(4) $.a, `b` DOUBLE $.b'; expected one in place of: "
                            + (at == text.length() ? "the end" : text.substring(at)));
        }
    }
}
