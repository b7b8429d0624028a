package streaming;

import java.util.Objects;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.InputTypeStrategies;
import org.apache.flink.table.types.inference.TypeInference;

/**
 * The SQL function {@code json_record(line BYTES, 'Name STRING NOT NULL, ...')}: reads a line as one JSON object,
 * strictly, and never throws, whatever its bytes.
 *
 * <p>It returns {@code ROW<error STRING, message STRING, columns...>}:
 *
 * <ul>
 *   <li>error and message are NULL for a good record;
 *   <li>the error is PARSE, and every column NULL, if the line is not exactly one JSON object in UTF-8 within the limits
 *       of {@link Limits};
 *   <li>the error is COERCION if a NOT NULL column is missing or null, or any column is there twice or does not have its
 *       type. The other columns have their values.
 * </ul>
 *
 * <p>The message is one short printable line for whoever sent the record. Keys that are no columns are ignored.
 * {@link Columns} has the types, and how JSON values stand for them.
 */
public class JsonRecord extends ScalarFunction {
    private transient StringData literal;
    private transient RecordReader reader; // for the columns of that literal

    /** The row's type follows from the second argument, which must be a literal. */
    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return TypeInference.newBuilder()
                .inputTypeStrategy(
                        InputTypeStrategies.explicitSequence(
                                DataTypes.BYTES().bridgedTo(byte[].class),
                                DataTypes.STRING().bridgedTo(StringData.class)))
                .outputTypeStrategy(
                        call -> Optional.of(types.createDataType(rowType(call)).bridgedTo(RowData.class)))
                .build();
    }

    private static String rowType(CallContext call) {
        return Columns.nullableRow(call.getArgumentValue(1, String.class).orElse("no literal"));
    }

    /** Called for each reference to the result, so the last row is kept. */
    public RowData eval(byte[] line, StringData columns) {
        LastRow last = LastRow.ofThread();
        RowData row = last.of(line, columns);
        return row != null ? row : last.keep(line, columns, reader(columns).read(line));
    }

    private RecordReader reader(StringData columns) {
        if (!Objects.equals(columns, literal)) { // the first record, or the other of two calls in one operator
            reader = new RecordReader(Columns.of(columns.toString()));
            literal = columns;
        }
        return reader;
    }
}
