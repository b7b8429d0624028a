package kinesis;

import static aws.AwsOptions.require;
import static kinesis.KinesisOptions.*;

import aws.AwsOptions;
import aws.Place;
import aws.RequestLimits;
import aws.SinkSettings;
import aws.SinkTableFactory;
import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import software.amazon.awssdk.http.Protocol;

/** A stream as a table, to read and to write. Whatever is wrong with the options is one sentence. */
public final class KinesisTableFactory extends SinkTableFactory implements DynamicTableSourceFactory {
    public KinesisTableFactory() {
        // A request may have 10 MiB; half of that keeps the memory of many requests in flight small.
        super(new RequestLimits(500, 10 << 20, 5 << 20, 1 << 20));
    }

    @Override
    public String factoryIdentifier() {
        return "kinesis";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(FactoryUtil.FORMAT);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        Set<ConfigOption<?>> options = super.optionalOptions();
        options.addAll(
                Set.of(
                        STREAM,
                        STREAM_ARN,
                        POSITION,
                        TIMESTAMP,
                        TIMESTAMP_FORMAT,
                        DISCOVERY,
                        RECORDS,
                        INTERVAL_IF_EMPTY,
                        INTERVAL_IF_NOT,
                        READER,
                        CONSUMER,
                        LIFECYCLE,
                        DOCUMENTS,
                        PARTITIONER,
                        FactoryUtil.SOURCE_IDLE_TIMEOUT,
                        ARRIVAL_MARGIN,
                        FactoryUtil.SOURCE_PARALLELISM));
        return options;
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        DecodingFormat<DeserializationSchema<RowData>> format =
                helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validateExcept(AwsOptions.CREDENTIALS);
        try {
            ReadSettings settings = readSettings(helper.getOptions(), context.getCatalogTable().getOptions());
            Integer parallelism = helper.getOptions().get(FactoryUtil.SOURCE_PARALLELISM);
            return new KinesisTable(settings, format, context.getPhysicalRowDataType(), parallelism);
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage());
        }
    }

    @Override
    protected String target(ReadableConfig options) {
        return stream(options).name;
    }

    @Override
    protected Sinks sinks(ReadableConfig options, Context context, SinkSettings settings, Encoders encoders) {
        StreamName stream = stream(options);
        DataType columns = context.getPhysicalRowDataType();
        PartitionKeys keys = keys(options, context.getCatalogTable().getPartitionKeys(), columns, stream);
        return of -> new KinesisSink(new KinesisRecords(encoders.apply(of), keys), settings, stream);
    }

    @Override
    protected Protocol usualProtocol(Place place) {
        return place.isEncrypted() ? Protocol.HTTP2 : Protocol.HTTP1_1;
    }

    private static PartitionKeys keys(
            ReadableConfig options, List<String> columns, DataType row, StreamName stream) {
        if (columns.isEmpty()) {
            return PartitionKeys.drawn(options.get(PARTITIONER) == Partitioner.FIXED);
        }
        require(
                options.getOptional(PARTITIONER).isEmpty(),
                "'" + PARTITIONER.key() + "' is for a table without PARTITIONED BY.");
        require(columns.size() == 1, "PARTITIONED BY must name one column: the partition key is its value.");
        int column = DataType.getFieldNames(row).indexOf(columns.get(0));
        return PartitionKeys.of(columns.get(0), column, row.getLogicalType().getChildren().get(column), stream);
    }

    private static StreamName stream(ReadableConfig options) {
        String arn = options.get(STREAM_ARN);
        boolean isNamedOnce = (arn == null) != (options.get(STREAM) == null);
        require(isNamedOnce, "A table needs 'stream.arn', or 'stream' with its name.");
        return arn == null ? StreamName.named(options.get(STREAM)) : StreamName.of(arn);
    }

    @Override
    protected Place place(ReadableConfig options, Map<String, String> written) {
        StreamName stream = stream(options);
        String region = options.getOptional(AwsOptions.REGION).orElseGet(stream::regionOrNull);
        require(region != null, "A table with 'stream' needs 'aws.region'.");
        return AwsOptions.place(region, options, written);
    }

    private ReadSettings readSettings(ReadableConfig options, Map<String, String> all) {
        int records = options.get(RECORDS);
        require(records >= 1 && records <= 10_000, "'" + RECORDS.key() + "' must be from 1 to 10000.");
        Duration idle = options.getOptional(FactoryUtil.SOURCE_IDLE_TIMEOUT).orElse(IDLE);
        require(!idle.isZero(), "'" + FactoryUtil.SOURCE_IDLE_TIMEOUT.key() + "' must be more than 0.");
        return new ReadSettings(
                place(options, all),
                stream(options),
                start(options),
                options.get(DISCOVERY).toMillis(),
                records,
                options.get(INTERVAL_IF_EMPTY).toMillis(),
                options.get(INTERVAL_IF_NOT).toMillis(),
                new RecordParts(options.get(DOCUMENTS)),
                fanOut(options),
                idle.toMillis(),
                options.get(ARRIVAL_MARGIN));
    }

    private static Start start(ReadableConfig options) {
        Start.Kind kind = options.get(POSITION);
        if (kind != Start.Kind.AT_TIMESTAMP) {
            return new Start(kind, 0);
        }
        String time = options.get(TIMESTAMP);
        require(time != null, "AT_TIMESTAMP needs '" + TIMESTAMP.key() + "'.");
        return new Start(kind, time(time, options.get(TIMESTAMP_FORMAT)));
    }

    /** Seconds since 1970, or a time in the format. */
    private static long time(String text, String format) {
        try {
            return new SimpleDateFormat(format).parse(text).getTime();
        } catch (ParseException e) {
            require(text.matches("\\d{1,12}(\\.\\d{1,3})?"), "'" + text + "' is no time such as " + format + ".");
            return (long) (Double.parseDouble(text) * 1000);
        }
    }

    private static FanOut fanOut(ReadableConfig options) {
        if (options.get(READER) == Reader.POLLING) {
            return null;
        }
        String consumer = options.get(CONSUMER);
        require(consumer != null, "EFO needs '" + CONSUMER.key() + "'.");
        return new FanOut(consumer, options.get(LIFECYCLE) == Lifecycle.JOB_MANAGED);
    }
}
