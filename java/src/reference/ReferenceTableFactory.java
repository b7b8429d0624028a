package reference;

import aws.AwsOptions;
import aws.Place;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/** Reference data in an object of S3, as a table to read. Whatever is wrong with the options is one sentence. */
public final class ReferenceTableFactory implements DynamicTableSourceFactory {
    private static final ConfigOption<String> BUCKET =
            ConfigOptions.key("bucket").stringType().noDefaultValue();
    private static final ConfigOption<String> KEY = ConfigOptions.key("key").stringType().noDefaultValue();
    private static final ConfigOption<Duration> REFRESH =
            ConfigOptions.key("refresh").durationType().noDefaultValue();

    @Override
    public String factoryIdentifier() {
        return "reference";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(BUCKET, KEY, AwsOptions.REGION, FactoryUtil.FORMAT);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        Set<ConfigOption<?>> options = new HashSet<>(AwsOptions.all());
        options.add(REFRESH);
        return options;
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        DecodingFormat<DeserializationSchema<RowData>> format =
                helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validateExcept(AwsOptions.CREDENTIALS);
        ReadableConfig options = helper.getOptions();
        try {
            ObjectName name = new ObjectName(options.get(BUCKET), options.get(KEY));
            Place place =
                    AwsOptions.place(
                            options.get(AwsOptions.REGION), options, context.getCatalogTable().getOptions());
            Refresh refresh = refresh(options.get(REFRESH), context.getConfiguration());
            return new ReferenceTable(place, name, format, context.getPhysicalRowDataType(), refresh);
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage());
        }
    }

    private static Refresh refresh(Duration interval, ReadableConfig job) {
        if (interval == null) {
            return null;
        }
        AwsOptions.require(interval.toMillis() >= 1_000, "'refresh' is less than a second: S3 tells times in seconds.");
        Duration checkpoints = job.get(CheckpointingOptions.CHECKPOINTING_INTERVAL);
        return new Refresh(interval, checkpoints != null && !checkpoints.isZero());
    }
}
