package kinesis;

import org.apache.flink.table.data.StringData;

/** How far the rows of a shard were emitted. Only the task's thread uses it. */
final class ShardState {
    final StringData id;
    private final ShardSplit split;
    private Part last; // that was emitted; null: none yet

    ShardState(ShardSplit split) {
        this.split = split;
        this.id = StringData.fromString(split.id);
    }

    void emitted(Part part) {
        last = part;
    }

    /** The shard, from where reading has to go on. */
    ShardSplit split() {
        return last == null ? split : split.at(last.position());
    }
}
