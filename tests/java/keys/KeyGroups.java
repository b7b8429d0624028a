package keys;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.writer.BinaryRowWriter;

/**
 * The key groups by Flink's own classes.
 *
 * <p>Arguments: a file, the maximum parallelism, the parallelism. Each line of the file is a key of one STRING; each
 * line of the output is its key group and its subtask.
 */
public final class KeyGroups {
    private KeyGroups() {}

    public static void main(String[] arguments) throws Exception {
        int groups = Integer.parseInt(arguments[1]);
        int parallelism = Integer.parseInt(arguments[2]);
        for (String line : Files.readAllLines(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
            BinaryRowData key = new BinaryRowData(1);
            BinaryRowWriter writer = new BinaryRowWriter(key);
            writer.writeString(0, StringData.fromString(line));
            writer.complete();
            int group = KeyGroupRangeAssignment.assignToKeyGroup(key, groups);
            int subtask = KeyGroupRangeAssignment.assignKeyToParallelOperator(key, groups, parallelism);
            System.out.println(group + " " + subtask);
        }
    }
}
