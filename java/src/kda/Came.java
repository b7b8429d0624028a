package kda;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.Row;
import reference.Mark;

/** The columns of a table of reference data, by their names. */
final class Came {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

    private final int line;
    private final int shard;
    private final int version;
    private final int mark;
    private final int arrival;
    Row row; // that is looked at

    Came(TableSemantics table) {
        List<String> names = DataType.getFieldNames(table.dataType());
        line = names.indexOf("line");
        shard = names.indexOf("shard");
        version = names.indexOf("sequence_number");
        mark = names.indexOf("part");
        arrival = names.indexOf("arrival");
    }

    byte[] line() {
        return row.getFieldAs(line);
    }

    /** The object's key. */
    String shard() {
        return row.getFieldAs(shard);
    }

    /** The text of a mark. */
    String text() {
        return new String(line(), StandardCharsets.UTF_8);
    }

    /** Null: the row is a line. */
    Mark mark() {
        String name = row.getFieldAs(mark);
        return name == null ? null : Mark.of(name);
    }

    /** From when on the version counts. */
    String since() {
        String time = row.getFieldAs(version);
        return time == null ? "the beginning of time" : time;
    }

    /** When the object was written. */
    String written() {
        LocalDateTime time = row.getFieldAs(arrival);
        return TIME.format(time);
    }
}
