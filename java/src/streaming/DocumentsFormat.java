package streaming;

import java.io.IOException;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.*;
import org.apache.flink.formats.raw.RawFormatFactory;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.*;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.Collector;

/**
 * The format {@code documents}: Flink's own {@code raw}, whose options it takes, with a row for each of several JSON
 * objects ({@link Documents}). It is for the lines of files; the Kinesis source takes records apart by itself.
 */
public class DocumentsFormat implements DeserializationFormatFactory {
    private final RawFormatFactory raw = new RawFormatFactory();

    @Override
    public String factoryIdentifier() {
        return "documents";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return raw.requiredOptions();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return raw.optionalOptions();
    }

    @Override
    public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
            DynamicTableFactory.Context table, ReadableConfig options) {
        DecodingFormat<DeserializationSchema<RowData>> values = raw.createDecodingFormat(table, options);
        return new DecodingFormat<>() {
            @Override
            public DeserializationSchema<RowData> createRuntimeDecoder(
                    DynamicTableSource.Context source, DataType row) {
                return new Schema(values.createRuntimeDecoder(source, row));
            }

            @Override
            public ChangelogMode getChangelogMode() {
                return values.getChangelogMode();
            }
        };
    }

    private static class Schema implements DeserializationSchema<RowData> {
        private final DeserializationSchema<RowData> values;

        Schema(DeserializationSchema<RowData> values) {
            this.values = values;
        }

        @Override
        public void open(InitializationContext context) throws Exception {
            values.open(context);
        }

        @Override
        public void deserialize(byte[] line, Collector<RowData> rows) throws IOException {
            for (byte[] document : Documents.of(line)) {
                values.deserialize(document, rows);
            }
        }

        @Override
        public RowData deserialize(byte[] line) {
            throw new UnsupportedOperationException("A line may be several rows.");
        }

        @Override
        public boolean isEndOfStream(RowData row) {
            return values.isEndOfStream(row);
        }

        @Override
        public TypeInformation<RowData> getProducedType() {
            return values.getProducedType();
        }
    }
}
