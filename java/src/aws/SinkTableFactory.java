package aws;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import software.amazon.awssdk.http.Protocol;

/**
 * What the tables of all services have in common that are written. Whatever is wrong with the options is one sentence.
 *
 * <p>A service whose required options have {@code format} writes the bytes of a format, and with it the changes of rows
 * that the format knows; any other writes rows by their key.
 */
public abstract class SinkTableFactory implements DynamicTableSinkFactory {
    private final RequestLimits limits;

    protected SinkTableFactory(RequestLimits limits) {
        this.limits = limits;
    }

    /** A format's encoder, by Flink's context; or null. */
    public interface Encoders extends Function<DynamicTableSink.Context, SerializationSchema<RowData>> {}

    /** A sink by Flink's context. */
    public interface Sinks extends Function<DynamicTableSink.Context, Sink<RowData>> {}

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return SinkOptions.all();
    }

    /** The stream or table in the service, by its name. */
    protected abstract String target(ReadableConfig options);

    /** Throws IllegalArgumentException, with a sentence. encoders: null, if the service takes no format. */
    protected abstract Sinks sinks(ReadableConfig options, Context context, SinkSettings settings, Encoders encoders);

    /** written: the table's options as they stand there. Throws IllegalArgumentException, with a sentence. */
    protected Place place(ReadableConfig options, Map<String, String> written) {
        return AwsOptions.place(options.get(AwsOptions.REGION), options, written);
    }

    /** What calls speak where the options name nothing else. */
    protected Protocol usualProtocol(Place place) {
        return Protocol.HTTP1_1;
    }

    @Override
    public final DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        EncodingFormat<SerializationSchema<RowData>> format =
                requiredOptions().contains(FactoryUtil.FORMAT)
                        ? helper.discoverEncodingFormat(SerializationFormatFactory.class, FactoryUtil.FORMAT)
                        : null;
        helper.validateExcept(AwsOptions.CREDENTIALS);
        try {
            ReadableConfig options = helper.getOptions();
            Place place = place(options, context.getCatalogTable().getOptions());
            Http http = SinkOptions.http(options, usualProtocol(place));
            SinkSettings settings = SinkOptions.settings(options, limits, place, http);
            DataType columns = context.getPhysicalRowDataType();
            Encoders encoders = format == null ? null : of -> format.createRuntimeEncoder(of, columns);
            return new SinkTable(
                    factoryIdentifier() + " " + target(options),
                    format == null ? ChangelogMode.upsert() : format.getChangelogMode(),
                    options.get(FactoryUtil.SINK_PARALLELISM),
                    sinks(options, context, settings, encoders));
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage());
        }
    }
}
