package kinesis;

import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;

/**
 * The options of a stream as a table, by the names of Apache's connector 5 and 6. Where its release 4 has another name,
 * that is taken too.
 */
final class KinesisOptions {
    /** How records are read. */
    enum Reader {
        POLLING,
        EFO
    }

    /** Who registers and deregisters the consumer of an enhanced fan-out. */
    enum Lifecycle {
        JOB_MANAGED,
        SELF_MANAGED
    }

    /** What a record's partition key is. */
    enum Partitioner {
        /** Another key for each record. */
        RANDOM,
        /** One key for each subtask. */
        FIXED
    }

    static final ConfigOption<String> STREAM =
            ConfigOptions.key("stream").stringType().noDefaultValue();
    static final ConfigOption<String> STREAM_ARN =
            ConfigOptions.key("stream.arn").stringType().noDefaultValue();
    static final ConfigOption<Start.Kind> POSITION =
            ConfigOptions.key("source.init.position")
                    .enumType(Start.Kind.class)
                    .defaultValue(Start.Kind.LATEST)
                    .withFallbackKeys("scan.stream.initpos");
    static final ConfigOption<String> TIMESTAMP =
            ConfigOptions.key("source.init.timestamp")
                    .stringType()
                    .noDefaultValue()
                    .withFallbackKeys("scan.stream.initpos-timestamp");
    static final ConfigOption<String> TIMESTAMP_FORMAT =
            ConfigOptions.key("source.init.timestamp.format")
                    .stringType()
                    .defaultValue("yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
                    .withFallbackKeys("scan.stream.initpos-timestamp-format");
    static final ConfigOption<Duration> DISCOVERY =
            ConfigOptions.key("source.shard.discovery.interval")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(10))
                    .withFallbackKeys("scan.shard.discovery.intervalmillis");
    static final ConfigOption<Integer> RECORDS =
            ConfigOptions.key("source.shard.get-records.max-record-count")
                    .intType()
                    .defaultValue(10_000)
                    .withFallbackKeys("scan.shard.getrecords.maxrecordcount");
    static final ConfigOption<Duration> INTERVAL_IF_EMPTY =
            ConfigOptions.key("source.reader.empty-records-fetch-interval")
                    .durationType()
                    .defaultValue(Duration.ofMillis(250));
    static final ConfigOption<Duration> INTERVAL_IF_NOT =
            ConfigOptions.key("source.reader.nonempty-records-fetch-interval")
                    .durationType()
                    .defaultValue(Duration.ZERO);
    static final ConfigOption<Reader> READER =
            ConfigOptions.key("source.reader.type")
                    .enumType(Reader.class)
                    .defaultValue(Reader.POLLING)
                    .withFallbackKeys("scan.stream.recordpublisher");
    static final ConfigOption<String> CONSUMER =
            ConfigOptions.key("source.efo.consumer.name")
                    .stringType()
                    .noDefaultValue()
                    .withFallbackKeys("scan.stream.efo.consumername");
    static final ConfigOption<Lifecycle> LIFECYCLE =
            ConfigOptions.key("source.efo.lifecycle").enumType(Lifecycle.class).defaultValue(Lifecycle.JOB_MANAGED);
    /** Of this connector alone. */
    static final ConfigOption<Boolean> DOCUMENTS =
            ConfigOptions.key("source.record.split-documents").booleanType().defaultValue(true);

    /** Of this connector alone, too. */
    static final ConfigOption<Duration> ARRIVAL_MARGIN =
            ConfigOptions.key("source.watermark.arrival-margin").durationType().noDefaultValue();
    /** Where {@code scan.watermark.idle-timeout} is not set, Flink's own option. */
    static final Duration IDLE = Duration.ofSeconds(10);

    /** Of a table that is written: the partition key where PARTITIONED BY names none. */
    static final ConfigOption<Partitioner> PARTITIONER =
            ConfigOptions.key("sink.partitioner").enumType(Partitioner.class).defaultValue(Partitioner.RANDOM);

    private KinesisOptions() {}
}
