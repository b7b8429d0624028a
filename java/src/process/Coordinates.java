package process;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.types.Row;

/** The columns of a table that make a point, and those of its key. */
final class Coordinates {
    /** The types that a coordinate can have, which are those of KDA. */
    static final Set<LogicalTypeRoot> TYPES = Set.of(
            LogicalTypeRoot.TINYINT,
            LogicalTypeRoot.SMALLINT,
            LogicalTypeRoot.INTEGER,
            LogicalTypeRoot.BIGINT,
            LogicalTypeRoot.FLOAT,
            LogicalTypeRoot.DOUBLE);

    private final int[] places;
    private final int[] keys;

    /** Of these columns; of all that can be coordinates and are no key, if {@code columns} is null. */
    Coordinates(TableSemantics table, List<String> columns) {
        keys = table.partitionByColumns();
        List<String> names = DataType.getFieldNames(table.dataType());
        List<DataType> types = DataType.getFieldDataTypes(table.dataType());
        places = columns != null
                ? columns.stream().mapToInt(names::indexOf).toArray()
                : IntStream.range(0, names.size())
                        .filter(place -> TYPES.contains(types.get(place).getLogicalType().getTypeRoot()))
                        .filter(place -> IntStream.of(keys).noneMatch(key -> key == place))
                        .toArray();
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
