package kinesis;

import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/** How far the rows of a shard were emitted, and its event time has come. Only the task's thread uses it. */
final class ShardState {
    final StringData id;
    private final ShardSplit split;
    private final ShardTimes.Shard time;
    private final RowTime rows; // null: the table has no event time
    private final ServiceClock clock;
    private Part last; // that was emitted; null: none yet

    ShardState(ShardSplit split, ShardTimes.Shard time, RowTime rows, ServiceClock clock) {
        this.split = split;
        this.time = time;
        this.rows = rows;
        this.clock = clock;
        this.id = StringData.fromString(split.id);
    }

    /** A row is emitted. arrival: when its record arrived, in milliseconds since 1970. */
    void row(RowData row, long arrival) {
        if (rows != null) {
            time.row(rows.after(row, arrival), Loop.now());
        }
    }

    /** All that had arrived by this time (of {@link Loop#now}, or UNKNOWN) was emitted. */
    void read(long to) {
        time.read(to);
        if (rows != null && rows.isArrivalTime()) {
            long arrived = clock.at(to);
            if (arrived != Arrivals.UNKNOWN) {
                time.row(rows.afterAllUntil(arrived), Loop.now());
            }
        }
    }

    void emitted(Part part) {
        last = part;
    }

    /** The shard, from where reading has to go on. */
    ShardSplit split() {
        return (last == null ? split : split.at(last.position())).reaching(time.reached());
    }
}
