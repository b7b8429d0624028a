package aws;

import java.io.Serializable;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.table.data.RowData;

/**
 * What differs between Flink 1.20 and 2: in 1.20 a method must be there that its runtime does not call. On Flink 2,
 * {@link AwsSink} extends AsyncSinkBase itself, and this class goes.
 */
abstract class SinkBase<T extends Serializable> extends AsyncSinkBase<RowData, T> {
    private static final long serialVersionUID = 1L;

    SinkBase(
            ElementConverter<RowData, T> converter,
            int entries,
            int inFlight,
            int buffered,
            long bytes,
            long interval,
            long bytesOfEntry) {
        super(converter, entries, inFlight, buffered, bytes, interval, bytesOfEntry);
    }

    @Override
    public final SinkWriter<RowData> createWriter(InitContext context) {
        throw new UnsupportedOperationException("Flink calls the method with a WriterInitContext.");
    }
}
