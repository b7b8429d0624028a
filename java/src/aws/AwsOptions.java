package aws;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;

/** The options of every table: where its service is. */
public final class AwsOptions {
    public static final ConfigOption<String> REGION =
            ConfigOptions.key("aws.region").stringType().noDefaultValue();
    public static final ConfigOption<String> ENDPOINT =
            ConfigOptions.key("aws.endpoint").stringType().noDefaultValue();
    public static final String CREDENTIALS = "aws.credentials."; // begins the names of their options

    private AwsOptions() {}

    public static Set<ConfigOption<?>> all() {
        return Set.of(REGION, ENDPOINT);
    }

    /** written: the table's options as they stand there. Throws IllegalArgumentException, with a sentence. */
    public static Place place(String region, ReadableConfig options, Map<String, String> written) {
        Map<String, String> credentials = new HashMap<>(written);
        credentials.keySet().removeIf(name -> !name.startsWith(CREDENTIALS));
        return new Place(region, options.get(ENDPOINT), credentials);
    }

    /** Throws IllegalArgumentException with the sentence unless it holds. */
    public static void require(boolean holds, String sentence) {
        if (!holds) {
            throw new IllegalArgumentException(sentence);
        }
    }
}
