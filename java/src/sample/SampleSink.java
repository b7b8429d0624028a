package sample;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/** Adds each row to a {@link Sample}. Of a row that replaces another, only the new one counts. */
final class SampleSink implements Sink<RowData> {
    private static final long serialVersionUID = 1L;

    private final SerializationSchema<RowData> json;
    private final String name;
    private final int most;

    SampleSink(SerializationSchema<RowData> json, String name, int most) {
        this.json = json;
        this.name = name;
        this.most = most;
    }

    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) throws IOException {
        try {
            json.open(context.asSerializationSchemaInitializationContext());
        } catch (Exception e) {
            throw new IOException(e);
        }
        Sample sample = Sample.of(name);
        return new SinkWriter<>() {
            @Override
            public void write(RowData row, Context at) {
                if (row.getRowKind() != RowKind.UPDATE_BEFORE) {
                    String text = new String(json.serialize(row), StandardCharsets.UTF_8);
                    sample.add(text, row.getRowKind().shortString(), most);
                }
            }

            @Override
            public void flush(boolean isEnd) {
                // Nothing waits.
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }
}
