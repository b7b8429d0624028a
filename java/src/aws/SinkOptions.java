package aws;

import static aws.AwsOptions.require;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.factories.FactoryUtil;
import software.amazon.awssdk.http.Protocol;

/** The options of every table that is written, by the names of Apache's connectors. */
public final class SinkOptions {
    private static final ConfigOption<Integer> BATCH =
            ConfigOptions.key("sink.batch.max-size").intType().noDefaultValue();
    private static final ConfigOption<Integer> IN_FLIGHT =
            ConfigOptions.key("sink.requests.max-inflight").intType().defaultValue(16);
    private static final ConfigOption<Integer> BUFFERED =
            ConfigOptions.key("sink.requests.max-buffered").intType().defaultValue(10_000);
    private static final ConfigOption<MemorySize> BYTES =
            ConfigOptions.key("sink.flush-buffer.size").memoryType().noDefaultValue();
    private static final ConfigOption<Duration> FLUSH =
            ConfigOptions.key("sink.flush-buffer.timeout").durationType().defaultValue(Duration.ofSeconds(5));
    private static final ConfigOption<Boolean> FAIL =
            ConfigOptions.key("sink.fail-on-error").booleanType().defaultValue(false);
    private static final ConfigOption<Integer> CALLS =
            ConfigOptions.key("sink.http-client.max-concurrency").intType().defaultValue(Http.CALLS);
    private static final ConfigOption<Duration> ANSWER =
            ConfigOptions.key("sink.http-client.read-timeout").durationType().defaultValue(Http.ANSWER);
    private static final ConfigOption<Protocol> PROTOCOL =
            ConfigOptions.key("sink.http-client.protocol.version").enumType(Protocol.class).noDefaultValue();

    private SinkOptions() {}

    /** With those of AwsOptions; the set is the caller's. */
    public static Set<ConfigOption<?>> all() {
        Set<ConfigOption<?>> options = new HashSet<>(AwsOptions.all());
        options.addAll(
                Set.of(
                        BATCH,
                        IN_FLIGHT,
                        BUFFERED,
                        BYTES,
                        FLUSH,
                        FAIL,
                        CALLS,
                        ANSWER,
                        PROTOCOL,
                        FactoryUtil.SINK_PARALLELISM));
        return options;
    }

    /** Throws IllegalArgumentException, with a sentence. */
    static SinkSettings settings(ReadableConfig options, RequestLimits limits, Place place, Http http) {
        int batch = options.getOptional(BATCH).orElse(limits.entries);
        long bytes = options.getOptional(BYTES).map(MemorySize::getBytes).orElse(limits.usualBytes);
        within(BATCH, batch, 1, limits.entries);
        within(BYTES, bytes, limits.fewestBytes, limits.mostBytes);
        within(IN_FLIGHT, options.get(IN_FLIGHT), 1, Integer.MAX_VALUE);
        within(BUFFERED, options.get(BUFFERED), batch + 1, Integer.MAX_VALUE);
        within(FLUSH, options.get(FLUSH).toMillis(), 1, Integer.MAX_VALUE);
        return new SinkSettings(
                place,
                http,
                batch,
                options.get(IN_FLIGHT),
                options.get(BUFFERED),
                bytes,
                options.get(FLUSH).toMillis(),
                options.get(FAIL));
    }

    /** usual: the protocol where the options name none. */
    static Http http(ReadableConfig options, Protocol usual) {
        within(CALLS, options.get(CALLS), 1, Integer.MAX_VALUE);
        within(ANSWER, options.get(ANSWER).toMillis(), 1, Integer.MAX_VALUE);
        return new Http(options.getOptional(PROTOCOL).orElse(usual), options.get(ANSWER), options.get(CALLS));
    }

    private static void within(ConfigOption<?> option, long value, long least, long most) {
        String range = most == Integer.MAX_VALUE ? "at least " + least : "from " + least + " to " + most;
        require(value >= least && value <= most, "'" + option.key() + "' is " + value + ", but must be " + range + ".");
    }
}
