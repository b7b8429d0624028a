package kinesis;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;

/** What a table can tell of a record besides its content, by METADATA columns. */
enum Metadata {
    /** When the record arrived in the stream, by the service's clock. */
    TIMESTAMP(
            "timestamp",
            DataTypes.TIMESTAMP_LTZ(3).notNull(),
            (part, shard) -> TimestampData.fromInstant(part.arrival)),
    SHARD_ID("shard-id", DataTypes.VARCHAR(128).notNull(), (part, shard) -> shard.id),
    SEQUENCE_NUMBER(
            "sequence-number",
            DataTypes.VARCHAR(128).notNull(),
            (part, shard) -> StringData.fromString(part.sequenceNumber)),
    /** Of a record in an aggregate its own. */
    PARTITION_KEY(
            "partition-key",
            DataTypes.VARCHAR(256).notNull(),
            (part, shard) -> StringData.fromString(part.partitionKey)),
    /** The number within the record, from 0: sequence-number and this together name a row. */
    SUB_SEQUENCE_NUMBER("sub-sequence-number", DataTypes.INT().notNull(), (part, shard) -> part.number),
    /** Which part of how many the row is, for people: 2 of 3. NULL of a record that is one part. */
    PART(
            "part",
            DataTypes.VARCHAR(32),
            (part, shard) ->
                    part.count == 1 ? null : StringData.fromString((part.number + 1) + " of " + part.count));

    final String key;
    private final DataType type;
    private final BiFunction<Part, ShardState, Object> value;

    Metadata(String key, DataType type, BiFunction<Part, ShardState, Object> value) {
        this.key = key;
        this.type = type;
        this.value = value;
    }

    /** In Flink's internal form. */
    Object of(Part part, ShardState shard) {
        return value.apply(part, shard);
    }

    static Map<String, DataType> types() {
        Map<String, DataType> types = new LinkedHashMap<>();
        Arrays.stream(values()).forEach(metadata -> types.put(metadata.key, metadata.type));
        return types;
    }

    static List<Metadata> of(List<String> keys) {
        return keys.stream().map(Metadata::of).collect(Collectors.toList());
    }

    private static Metadata of(String key) {
        return Arrays.stream(values()).filter(metadata -> metadata.key.equals(key)).findFirst().orElseThrow();
    }
}
