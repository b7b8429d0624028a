package preprocessing;

import aws.AwsOptions;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.type.TypeReference;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** The options of a call: an object of JSON, whose values are texts. connectors/preprocessing.py lists them. */
final class Options implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final ConfigOption<String> FUNCTION = text("function");
    private static final ConfigOption<String> HANDLER = text("handler");
    private static final ConfigOption<String> PROGRAM = text("program");
    private static final ConfigOption<String> PYTHON = text("python");
    private static final ConfigOption<String> APPLICATION = text("application");
    private static final ConfigOption<String> STREAM = text("stream");
    private static final ConfigOption<Integer> RECORDS = ConfigOptions.key("records").intType().defaultValue(200);
    private static final ConfigOption<Duration> WAIT =
            ConfigOptions.key("wait").durationType().defaultValue(Duration.ofMillis(100));
    private static final ConfigOption<Duration> LIMIT =
            ConfigOptions.key("limit").durationType().defaultValue(Duration.ofSeconds(60));
    private static final ConfigOption<Boolean> SPLIT =
            ConfigOptions.key("split-documents").booleanType().defaultValue(true);

    final Hook hook;
    final Limits limits;
    final boolean splitsDocuments;
    private final String application;
    private final String stream;

    private Options(Configuration options, Map<String, String> written) {
        this.hook = hook(options, written);
        this.limits = new Limits(options.get(RECORDS), options.get(WAIT));
        this.splitsDocuments = options.get(SPLIT);
        this.application = required(options, APPLICATION);
        this.stream = required(options, STREAM);
    }

    private static ConfigOption<String> text(String name) {
        return ConfigOptions.key(name).stringType().noDefaultValue();
    }

    /** Throws IllegalArgumentException, with a sentence. */
    static Options of(String literal) {
        try {
            Map<String, String> written =
                    new ObjectMapper().readValue(literal, new TypeReference<Map<String, String>>() {});
            return new Options(Configuration.fromMap(written), written);
        } catch (IOException e) {
            throw new IllegalArgumentException("The options of preprocess must be a literal with an object of JSON.");
        }
    }

    Event event() {
        return new Event(hook.home(), application, stream);
    }

    private static Hook hook(Configuration options, Map<String, String> written) {
        Duration limit = options.get(LIMIT);
        if (options.get(HANDLER) != null) {
            return new PythonHook(
                    required(options, PYTHON), required(options, PROGRAM), options.get(HANDLER), limit);
        }
        String region = required(options, AwsOptions.REGION);
        return new LambdaHook(AwsOptions.place(region, options, written), required(options, FUNCTION), limit);
    }

    private static String required(Configuration options, ConfigOption<String> option) {
        AwsOptions.require(options.get(option) != null, "The option '" + option.key() + "' of preprocess is missing.");
        return options.get(option);
    }
}
