package reference;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
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
            (line, name) -> TimestampData.fromEpochMillis(line.after.modified())),
    /** From when on the line's version counts, or the time of a mark; NULL of the first version. */
    VERSION("version", DataTypes.VARCHAR(23), (line, name) -> Metadata.time(line)),
    MARK("mark", DataTypes.VARCHAR(6), (line, name) -> line.mark == null ? null : StringData.fromString(line.mark.name()));

    private static final DateTimeFormatter WRITTEN =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS").withZone(ZoneOffset.UTC);

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

    private static StringData time(Line line) {
        boolean isOfObject = line.mark == Mark.ASKED || line.mark == Mark.FAILED;
        long time = isOfObject ? line.after.asked : line.after.since;
        return time == 0 ? null : StringData.fromString(WRITTEN.format(Instant.ofEpochMilli(time)));
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
