package kda;

import java.util.List;
import org.apache.flink.table.api.ValidationException;

/**
 * Where a JSON record has its rows, and the paths of the columns to there and in each row.
 *
 * <p>Rows are at the row path: an object is a row, of an array each element. With the row path {@code $}, a path of a
 * column that goes on after {@code [0:]} says where they are instead. A path that begins with the place leads to the
 * row's value, any other to a value that all rows have.
 */
final class RowPlace {
    /** The record, as far as paths lead into it. */
    final Node record = new Node();

    /** The row path, if the rows must be there; null if the record is a row where they are not. */
    final Path required;

    /** Whether a record may be an array: its elements are the rows, or it is one itself. */
    final boolean takesArray;

    private final List<Column> columns;

    private RowPlace(List<Column> columns, Path rowPath) {
        this.columns = columns;
        Path place = rowPath.endsWithEach() ? rowPath.parent() : rowPath;
        Path array = flattened();
        boolean isRoot = place.steps.isEmpty();
        if (place.steps.contains(Path.Step.EACH)) {
            throw new ValidationException("A row path has [0:] at its end only, not: " + rowPath);
        }
        if (array != null && !isRoot && !array.steps.equals(place.steps)) {
            throw twoArrays(array, rowPath);
        }
        required = isRoot ? null : rowPath;
        boolean isByPath = isRoot && array != null && !array.steps.isEmpty();
        takesArray = isRoot && !isByPath;
        add(isByPath ? array.steps : place.steps, !isByPath);
    }

    /**
     * The place of these columns' rows.
     *
     * @throws ValidationException if a column has no path, or columns read the elements of two arrays
     */
    static RowPlace of(List<Column> columns, Path rowPath) {
        return new RowPlace(columns, rowPath);
    }

    /** The array whose elements columns read, by [0:] with steps after it; null if there is none. */
    private Path flattened() {
        Path array = null;
        for (Column column : columns) {
            if (column.path == null) {
                throw new ValidationException("A column of JSON needs a path: " + column.name + " has none.");
            }
            Path path = column.path.endsWithEach() ? column.path.parent() : column.path;
            int each = path.steps.indexOf(Path.Step.EACH);
            if (each != path.steps.lastIndexOf(Path.Step.EACH)) {
                throw new ValidationException("A path leads through [0:] once, not: " + column.path);
            }
            if (each >= 0) {
                Path found = path.until(each);
                if (array != null && !array.steps.equals(found.steps)) {
                    throw twoArrays(array, found);
                }
                array = found;
            }
        }
        return array;
    }

    private static ValidationException twoArrays(Path one, Path other) {
        return new ValidationException("Only one array can be rows, not two: " + one + " and " + other);
    }

    /** Puts the columns at their places. isObject: whether an object at the rows' place is a row. */
    private void add(List<Path.Step> place, boolean isObject) {
        Node rows = record.at(place);
        rows.row = new Node();
        rows.isRowItself = isObject;
        for (int i = 0; i < columns.size(); i++) {
            Path path = columns.get(i).path;
            List<Path.Step> rest = path.begins(place) ? path.steps.subList(place.size(), path.steps.size()) : List.of();
            boolean isEach = rest.size() > 1 && rest.get(0) == Path.Step.EACH;
            if (isEach || isObject && !rest.isEmpty() && rest.get(0).isName()) {
                rows.row.add(i, isEach ? rest.subList(1, rest.size()) : rest);
            } else {
                record.add(i, path.steps);
            }
        }
        if (place.isEmpty() && rows.row.below().isEmpty()) {
            rows.row = null; // the record is a row, whatever it is
        }
        if (rows.row != null && rows.hasElements()) {
            throw new ValidationException("An array whose elements are rows cannot be read by number, as in [0].");
        }
    }
}
