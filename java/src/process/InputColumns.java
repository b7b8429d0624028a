package process;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.utils.LogicalTypeUtils;
import org.apache.flink.table.types.utils.TypeConversions;
import org.apache.flink.types.Row;

/** The columns of a function's table without those of PARTITION BY, which Flink adds to each row of the result. */
final class InputColumns {
    private final int[] places; // in the row of the table
    private final List<DataTypes.Field> fields;

    InputColumns(TableSemantics table) {
        List<Integer> keys = IntStream.of(table.partitionByColumns()).boxed().toList();
        List<DataTypes.Field> all = all(table);
        places = IntStream.range(0, all.size()).filter(place -> !keys.contains(place)).toArray();
        fields = IntStream.of(places).mapToObj(all::get).toList();
    }

    /** All columns of a table; a time attribute becomes a timestamp, as the result has a time attribute of its own. */
    static List<DataTypes.Field> all(TableSemantics table) {
        List<DataTypes.Field> fields = new ArrayList<>();
        for (DataTypes.Field field : DataType.getFields(table.dataType())) {
            fields.add(DataTypes.FIELD(field.getName(), plain(field.getDataType().getLogicalType())));
        }
        return fields;
    }

    /** Their names and types, as in {@link #all}. */
    List<DataTypes.Field> fields() {
        return fields;
    }

    /**
     * The columns of a function's result: these of its table, and what the function adds.
     *
     * @throws ValidationException if the table has a column that is added, or rowtime, which Flink adds
     */
    static DataType result(TableSemantics table, String function, List<DataTypes.Field> added) {
        List<String> names = DataType.getFieldNames(table.dataType());
        added.forEach(field -> refuse(names, field.getName(), function));
        refuse(names, "rowtime", function);
        List<DataTypes.Field> fields = new ArrayList<>(new InputColumns(table).fields());
        fields.addAll(added);
        return DataTypes.ROW(fields);
    }

    private static void refuse(List<String> names, String added, String function) {
        if (names.contains(added)) {
            throw new ValidationException(
                    "%s: the input has a column '%s', which is a column of the result: give it another name."
                            .formatted(function, added));
        }
    }

    /** Their values in a row of the table. */
    Row values(Row row) {
        return Row.project(row, places);
    }

    private static DataType plain(LogicalType type) {
        return TypeConversions.fromLogicalToDataType(LogicalTypeUtils.removeTimeAttributes(type));
    }
}
