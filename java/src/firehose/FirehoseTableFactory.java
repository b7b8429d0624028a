package firehose;

import aws.AwsOptions;
import aws.RequestLimits;
import aws.SinkSettings;
import aws.SinkTableFactory;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.factories.FactoryUtil;

/** A Firehose stream to write. */
public final class FirehoseTableFactory extends SinkTableFactory {
    private static final ConfigOption<String> STREAM =
            ConfigOptions.key("delivery-stream").stringType().noDefaultValue();

    public FirehoseTableFactory() {
        super(new RequestLimits(500, 4 << 20, 4 << 20, 1 << 20));
    }

    @Override
    public String factoryIdentifier() {
        return "firehose";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(STREAM, AwsOptions.REGION, FactoryUtil.FORMAT);
    }

    @Override
    protected String target(ReadableConfig options) {
        return options.get(STREAM);
    }

    @Override
    protected Sinks sinks(ReadableConfig options, Context context, SinkSettings settings, Encoders encoders) {
        String stream = target(options);
        return of -> new FirehoseSink(new FirehoseRecords(encoders.apply(of), stream), settings, stream);
    }
}
