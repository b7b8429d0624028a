package streaming;

import java.util.Arrays;
import java.util.Set;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.*;
import org.apache.flink.formats.json.JsonFormatFactory;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.*;
import org.apache.flink.table.types.DataType;

/** The format {@code json-lines}: Flink's own {@code json}, whose options it takes, and a line feed after each object. */
public class JsonLines implements SerializationFormatFactory {
    private final JsonFormatFactory json = new JsonFormatFactory();

    @Override
    public String factoryIdentifier() {
        return "json-lines";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return json.requiredOptions();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return json.optionalOptions();
    }

    @Override
    public EncodingFormat<SerializationSchema<RowData>> createEncodingFormat(
            DynamicTableFactory.Context table, ReadableConfig options) {
        EncodingFormat<SerializationSchema<RowData>> objects = json.createEncodingFormat(table, options);
        return new EncodingFormat<>() {
            @Override
            public SerializationSchema<RowData> createRuntimeEncoder(DynamicTableSink.Context sink, DataType row) {
                return new Schema(objects.createRuntimeEncoder(sink, row));
            }

            @Override
            public ChangelogMode getChangelogMode() {
                return objects.getChangelogMode();
            }
        };
    }

    private static class Schema implements SerializationSchema<RowData> {
        private final SerializationSchema<RowData> objects;

        Schema(SerializationSchema<RowData> objects) {
            this.objects = objects;
        }

        @Override
        public void open(InitializationContext context) throws Exception {
            objects.open(context);
        }

        @Override
        public byte[] serialize(RowData row) {
            byte[] object = objects.serialize(row);
            byte[] line = Arrays.copyOf(object, object.length + 1);
            line[object.length] = '\n';
            return line;
        }
    }
}
