package kda;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.utils.DataTypeUtils;

/** An input schema: columns, and how the records of its format become rows of them. */
final class Schema {
    /** How a record becomes rows. */
    interface Format {
        /** One row at least; it never throws. */
        List<RowData> rows(byte[] line);
    }

    private final List<Column> columns;
    private final Format format;

    private Schema(List<Column> columns, Format format) {
        this.columns = columns;
        this.format = format;
    }

    /**
     * The schema of the literals: for JSON {@code first} is the row path, and {@code second} null; for CSV they are the
     * delimiters of rows and columns.
     *
     * @throws ValidationException with one sentence, if they declare none
     */
    static Schema of(String columns, String format, String first, String second) {
        List<Column> all = new ColumnsLiteral(columns).columns();
        if (format.equals("JSON") && second == null) {
            return new Schema(all, new JsonRows(new Row(all), RowPlace.of(all, Path.of(first))));
        }
        if (format.equals("CSV") && second != null) {
            return new Schema(all, CsvRows.of(new Row(all), first, second));
        }
        throw new ValidationException(
                "kda_rows takes 'JSON' and a row path, or 'CSV' and delimiters of rows and columns, not: " + format);
    }

    /** The type of a row, all nullable, as a row that is refused lacks values. */
    DataType row(DataTypeFactory types) {
        List<DataTypes.Field> fields = new ArrayList<>();
        fields.add(DataTypes.FIELD("error", DataTypes.STRING()));
        fields.add(DataTypes.FIELD("message", DataTypes.STRING()));
        fields.add(DataTypes.FIELD("source", DataTypes.STRING()));
        for (Column column : columns) {
            fields.add(DataTypes.FIELD(column.field, types.createDataType(column.type.flink())));
        }
        return DataTypeUtils.toInternalDataType(DataTypes.ROW(fields));
    }

    /** How many fields a row has. */
    int width() {
        return Row.FIRST + columns.size();
    }

    /**
     * What tells rows from each other by these columns, such as {@code `station`, `district`}.
     *
     * @throws ValidationException if there is no such column
     */
    Identity identity(String key) {
        return Identity.of(columns, key);
    }

    /** The rows of a record, one at least; it never throws. */
    List<RowData> rows(byte[] line) {
        return format.rows(line);
    }
}
