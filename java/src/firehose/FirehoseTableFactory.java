package firehose;

import aws.AwsOptions;
import aws.Http;
import aws.Place;
import aws.RequestLimits;
import aws.SinkOptions;
import aws.SinkSettings;
import aws.SinkTable;
import java.util.Set;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import software.amazon.awssdk.http.Protocol;

/** A Firehose stream to write. Whatever is wrong with the options is one sentence. */
public final class FirehoseTableFactory implements DynamicTableSinkFactory {
    private static final ConfigOption<String> STREAM =
            ConfigOptions.key("delivery-stream").stringType().noDefaultValue();
    private static final RequestLimits LIMITS = new RequestLimits(500, 4 << 20, 4 << 20, 1 << 20);

    @Override
    public String factoryIdentifier() {
        return "firehose";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(STREAM, AwsOptions.REGION, FactoryUtil.FORMAT);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return SinkOptions.all();
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        EncodingFormat<SerializationSchema<RowData>> format =
                helper.discoverEncodingFormat(SerializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validateExcept(AwsOptions.CREDENTIALS);
        try {
            ReadableConfig options = helper.getOptions();
            String stream = options.get(STREAM);
            Place place =
                    AwsOptions.place(
                            options.get(AwsOptions.REGION), options, context.getCatalogTable().getOptions());
            Http http = SinkOptions.http(options, Protocol.HTTP1_1);
            SinkSettings settings = SinkOptions.settings(options, LIMITS);
            DataType columns = context.getPhysicalRowDataType();
            return new SinkTable(
                    "firehose " + stream,
                    format.getChangelogMode(),
                    options.get(FactoryUtil.SINK_PARALLELISM),
                    of ->
                            new FirehoseSink(
                                    new FirehoseRecords(format.createRuntimeEncoder(of, columns), stream),
                                    settings,
                                    place,
                                    http,
                                    stream));
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage());
        }
    }
}
