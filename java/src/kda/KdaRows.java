package kda;

import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.table.types.utils.DataTypeUtils;

/**
 * The SQL table function {@code kda_rows(line BYTES, columns, 'JSON', row path)} or {@code kda_rows(line, columns,
 * 'CSV', row delimiter, column delimiter)}: the rows that the input schema of an application of Kinesis Data Analytics
 * makes of a record, one at least. It never throws, whatever the bytes of the record.
 *
 * <p>It has one column, {@code ROW<error STRING, message STRING, source STRING, columns...>}:
 *
 * <ul>
 *   <li>error and message are NULL for a good row;
 *   <li>the error is PARSE, and every column NULL, if the line has not the format, or is beyond {@link
 *       streaming.Limits}; then it is the only row, but for rows of CSV, each of which can have this error;
 *   <li>the error is COERCION if a value cannot be converted to its column's type, or is there twice. The other columns
 *       have their values.
 *   <li>source is the text of a row that is refused, where the record has several; so an error costs as much as its
 *       row, not as its record.
 * </ul>
 *
 * <p>The message is one short printable line. {@link Schema} has the literals, {@link Conversion} the types.
 */
public class KdaRows extends TableFunction<RowData> {
    private transient Schemas schemas;

    /** The row's type follows from the literals. */
    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return TypeInference.newBuilder()
                .inputTypeStrategy(Schemas.ARGUMENTS)
                .outputTypeStrategy(
                        call ->
                                Optional.of(
                                        DataTypeUtils.toInternalDataType(
                                                DataTypes.ROW(DataTypes.FIELD("record", Schemas.of(call).row(types))))))
                .build();
    }

    /** The rows of a JSON record. */
    public void eval(byte[] line, StringData columns, StringData format, StringData rowPath) {
        collectRows(line, columns, format, rowPath, null);
    }

    /** The rows of a CSV record. */
    public void eval(
            byte[] line, StringData columns, StringData format, StringData rowDelimiter, StringData columnDelimiter) {
        collectRows(line, columns, format, rowDelimiter, columnDelimiter);
    }

    private void collectRows(byte[] line, StringData... literals) {
        if (schemas == null) {
            schemas = new Schemas();
        }
        for (RowData row : schemas.of(literals).rows(line)) {
            collect(GenericRowData.of(row));
        }
    }
}
