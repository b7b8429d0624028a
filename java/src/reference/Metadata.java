package reference;

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

/** What a table can tell of a line besides its content, by METADATA columns. */
enum Metadata {
    KEY("key", DataTypes.VARCHAR(1024).notNull(), (line, name) -> StringData.fromString(name.key)),
    /** When the object was written, by the service's clock. */
    LAST_MODIFIED(
            "last-modified",
            DataTypes.TIMESTAMP_LTZ(3).notNull(),
            (line, name) -> TimestampData.fromEpochMillis(line.version.modified));

    final String key;
    private final DataType type;
    private final BiFunction<Line, ObjectName, Object> value;

    Metadata(String key, DataType type, BiFunction<Line, ObjectName, Object> value) {
        this.key = key;
        this.type = type;
        this.value = value;
    }

    /** In Flink's internal form. */
    Object of(Line line, ObjectName name) {
        return value.apply(line, name);
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
