package kda;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.types.inference.TypeInference;
import streaming.LastRow;

/**
 * The SQL function {@code kda_first}, with the arguments of {@link KdaRows}: the first of the record's rows. A table
 * reads its time from it.
 */
public class KdaFirst extends ScalarFunction {
    private transient Schemas schemas;

    /** The row's type follows from the literals. */
    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return TypeInference.newBuilder()
                .inputTypeStrategy(Schemas.ARGUMENTS)
                .outputTypeStrategy(call -> Optional.of(Schemas.of(call).row(types)))
                .build();
    }

    /** The first row of a JSON record. */
    public RowData eval(byte[] line, StringData columns, StringData format, StringData rowPath) {
        return first(line, columns, format, rowPath, null);
    }

    /** The first row of a CSV record. */
    public RowData eval(
            byte[] line, StringData columns, StringData format, StringData rowDelimiter, StringData columnDelimiter) {
        return first(line, columns, format, rowDelimiter, columnDelimiter);
    }

    /** Called for each reference to the result, so the last row is kept. */
    private RowData first(byte[] line, StringData... literals) {
        if (schemas == null) {
            schemas = new Schemas();
        }
        LastRow last = LastRow.ofThread();
        List<StringData> key = Arrays.asList(literals);
        RowData row = last.of(line, key);
        return row != null ? row : last.keep(line, key, schemas.of(literals).rows(line).get(0));
    }
}
