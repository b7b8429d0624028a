package process;

import java.util.List;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Row;

/** The columns of a table that make a point, and those of its key. */
final class Coordinates {
    private final int[] places;
    private final int[] keys;

    /** Of these columns; of all that can be coordinates and are no key, if {@code columns} is null. */
    Coordinates(TableSemantics table, List<String> columns) {
        keys = table.partitionByColumns();
        List<String> names = DataType.getFieldNames(table.dataType());
        places = columns != null
                ? columns.stream().mapToInt(names::indexOf).toArray()
                : NumericColumns.places(table);
    }

    int count() {
        return places.length;
    }

    /** The point of a row; null if a coordinate is NULL, NaN or infinite. */
    double[] of(Row row) {
        double[] point = new double[places.length];
        for (int column = 0; column < places.length; column++) {
            Number value = row.getFieldAs(places[column]);
            if (value == null || !Double.isFinite(value.doubleValue())) {
                return null;
            }
            point[column] = value.doubleValue() + 0.0; // no negative zero
        }
        return point;
    }

    Row key(Row row) {
        return Row.project(row, keys);
    }
}
