package kinesis;

import static kinesis.KinesisOptions.*;

import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.HashMap;
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

/** The table source {@code kinesis}. Whatever is wrong with the options is one sentence. */
public final class KinesisTableFactory implements DynamicTableSourceFactory {
    @Override
    public String factoryIdentifier() {
        return "kinesis-shards"; // while Apache's `kinesis` is beside it
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(FactoryUtil.FORMAT);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(
                STREAM,
                STREAM_ARN,
                REGION,
                ENDPOINT,
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
                FactoryUtil.SOURCE_PARALLELISM);
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        DecodingFormat<DeserializationSchema<RowData>> format =
                helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validateExcept(CREDENTIALS);
        try {
            ReadSettings settings = settings(helper.getOptions(), context.getCatalogTable().getOptions());
            Integer parallelism = helper.getOptions().get(FactoryUtil.SOURCE_PARALLELISM);
            return new KinesisTable(settings, format, context.getPhysicalRowDataType(), parallelism);
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage());
        }
    }

    private static ReadSettings settings(ReadableConfig options, Map<String, String> all) {
        String arn = options.get(STREAM_ARN);
        boolean isNamedOnce = (arn == null) != (options.get(STREAM) == null);
        require(isNamedOnce, "A table needs 'stream.arn', or 'stream' with its name.");
        String region = options.getOptional(REGION).orElseGet(() -> arn == null ? null : StreamName.region(arn));
        require(region != null, "A table with 'stream' needs 'aws.region'.");
        int records = options.get(RECORDS);
        require(records >= 1 && records <= 10_000, "'" + RECORDS.key() + "' must be from 1 to 10000.");
        Place place = new Place(region, options.get(ENDPOINT), credentials(all));
        return new ReadSettings(
                place,
                arn == null ? StreamName.named(options.get(STREAM)) : StreamName.of(arn),
                start(options),
                options.get(DISCOVERY).toMillis(),
                records,
                options.get(INTERVAL_IF_EMPTY).toMillis(),
                options.get(INTERVAL_IF_NOT).toMillis(),
                new RecordParts(options.get(DOCUMENTS)),
                fanOut(options));
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

    private static Map<String, String> credentials(Map<String, String> all) {
        Map<String, String> found = new HashMap<>(all);
        found.keySet().removeIf(name -> !name.startsWith(CREDENTIALS));
        return found;
    }

    private static void require(boolean holds, String sentence) {
        if (!holds) {
            throw new IllegalArgumentException(sentence);
        }
    }
}
