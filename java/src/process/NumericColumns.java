package process;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.types.Row;

/** The columns of a function's table that are numbers, without those of PARTITION BY, in the order of the table. */
final class NumericColumns {
    /** Kinesis Data Analytics took these types, and no DECIMAL. */
    static final Set<LogicalTypeRoot> TYPES =
            EnumSet.of(
                    LogicalTypeRoot.TINYINT,
                    LogicalTypeRoot.SMALLINT,
                    LogicalTypeRoot.INTEGER,
                    LogicalTypeRoot.BIGINT,
                    LogicalTypeRoot.FLOAT,
                    LogicalTypeRoot.DOUBLE);

    private final int[] places;
    private final List<String> names;

    NumericColumns(TableSemantics table) {
        List<String> every = DataType.getFieldNames(table.dataType());
        places = places(table);
        names = IntStream.of(places).mapToObj(every::get).toList();
    }

    /** Where they are among the columns of the table. */
    static int[] places(TableSemantics table) {
        List<DataType> types = DataType.getFieldDataTypes(table.dataType());
        List<Integer> keys = IntStream.of(table.partitionByColumns()).boxed().toList();
        return IntStream.range(0, types.size())
                .filter(place -> !keys.contains(place))
                .filter(place -> TYPES.contains(types.get(place).getLogicalType().getTypeRoot()))
                .toArray();
    }

    /**
     * The first column that is a DECIMAL, and no key: Kinesis Data Analytics took none, and one that is left out without
     * a word would be missed. Null if there is none.
     */
    static String decimal(TableSemantics table) {
        List<DataTypes.Field> fields = new InputColumns(table).fields();
        return fields.stream()
                .filter(field -> field.getDataType().getLogicalType().is(LogicalTypeRoot.DECIMAL))
                .map(DataTypes.Field::getName)
                .findFirst()
                .orElse(null);
    }

    List<String> names() {
        return names;
    }

    /** The numbers of a row; null if one of them is NULL, or not finite as a FLOAT, which is what a forest counts in. */
    float[] point(Row row) {
        float[] point = new float[places.length];
        for (int number = 0; number < places.length; number++) {
            Number value = row.getFieldAs(places[number]);
            if (value == null || !Float.isFinite(value.floatValue())) {
                return null;
            }
            point[number] = value.floatValue();
        }
        return point;
    }
}
