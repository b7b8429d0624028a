package aws;

import java.util.List;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.FlinkRuntimeException;

/** Rows as the bytes of a format, which become entries. */
public abstract class FormattedRows<T extends Entry> implements Rows<T> {
    private static final long serialVersionUID = 1L;

    private final SerializationSchema<RowData> format;

    protected FormattedRows(SerializationSchema<RowData> format) {
        this.format = format;
    }

    @Override
    public void prepare(WriterInitContext context, List<T> kept) {
        try {
            format.open(context.asSerializationSchemaInitializationContext());
        } catch (Exception e) {
            throw new FlinkRuntimeException(e);
        }
    }

    @Override
    public final T apply(RowData row, SinkWriter.Context context) {
        byte[] data = format.serialize(row);
        if (data == null) {
            throw new AwsFailure(
                    "A row is NULL as a whole, which the format cannot write: leave such rows out by WHERE.");
        }
        return entry(row, data);
    }

    /** Throws AwsFailure for a row that the service never takes. */
    protected abstract T entry(RowData row, byte[] data);
}
