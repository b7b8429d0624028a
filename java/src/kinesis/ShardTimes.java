package kinesis;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * How far the event times of a reader's shards have come, and which of these shards speak. Event times are the
 * watermarks that rows lead to, in milliseconds. Times of the clock are milliseconds too, and arguments.
 *
 * <p>A shard speaks until it is proven silent: all that arrived in it up to {@code idle} after its last row that was
 * newer than the source's watermark was emitted. So a shard whose calls are refused or fail speaks on, as nothing is
 * proven. Rows that are rejected, or that come from a clock which is hours slow, do not count as speech: such a shard
 * can only hold windows back.
 *
 * <p>{@link EventTime} makes the source's watermark of what all readers report.
 */
final class ShardTimes {
    static final long NONE = Long.MIN_VALUE; // no event time is known
    static final long ALL = Long.MAX_VALUE; // no shard limits it
    private static final int MOST = 1_000; // rounds of twice the idle time that are remembered

    /** A shard of the reader. */
    final class Shard {
        private volatile long highest; // metrics are read by other threads
        private long spoke; // when a row came last that was newer than the watermark
        private long readTo = NONE; // what had arrived by then was emitted

        private Shard(long reached, long now) {
            highest = reached;
            // Unless it is ahead of the watermark, it may be found silent as soon as it was read to its tip.
            spoke = reached > watermark ? now : now - idle;
        }

        /** Takes note of a row; highest: the event time that the shard has come to with it, or NONE. */
        void row(long highest, long now) {
            rows++;
            if (highest > this.highest) {
                this.highest = highest;
            }
            if (highest > watermark) {
                spoke = now;
            }
        }

        /** All that had arrived in the shard by this time of the clock was emitted. */
        void read(long to) {
            readTo = Math.max(readTo, to);
        }

        /** The event time that it has come to, or NONE. */
        long reached() {
            return highest;
        }

        private boolean isSilent() {
            return readTo >= spoke + idle;
        }
    }

    private final long idle;
    private final Map<String, Shard> shards = new HashMap<>();
    private final Deque<long[]> rounds = new ArrayDeque<>(); // number and time, of those that are not outlived
    private long outlived; // the last round after which each silent shard was silent for `idle`
    private long rows; // of all shards
    private long watermark = NONE;

    ShardTimes(long idle) {
        this.idle = idle;
    }

    /** The source's watermark, as far as this reader knows. */
    long watermark() {
        return watermark;
    }

    /** How many rows came so far. */
    long rows() {
        return rows;
    }

    void restore(long restored) {
        watermark = Math.max(watermark, restored);
    }

    /** reached: what the shard had come to in the state, or its parents before it; or NONE. */
    Shard add(String id, long reached, long now) {
        Shard shard = new Shard(reached, now);
        shards.put(id, shard);
        return shard;
    }

    /** The shard was read to its end. */
    void remove(String id) {
        shards.remove(id);
    }

    /** Takes the source's watermark, and reports. */
    ShardEvents.Report round(ShardEvents.Round round, long now) {
        restore(round.watermark);
        if (rounds.isEmpty() || now - rounds.peekLast()[1] >= 2 * idle / MOST) {
            rounds.add(new long[] {round.number, now});
        }
        long reached = ALL;
        long readTo = ALL;
        for (Shard shard : shards.values()) {
            if (shard.isSilent()) {
                readTo = Math.min(readTo, shard.readTo);
            } else {
                reached = Math.min(reached, shard.highest);
            }
        }
        boolean hasSilent = readTo != ALL;
        outlive((hasSilent ? readTo : now) - idle);
        return new ShardEvents.Report(round.number, reached, hasSilent ? outlived : ALL);
    }

    private void outlive(long until) {
        while (!rounds.isEmpty() && rounds.peek()[1] <= until) {
            outlived = rounds.poll()[0];
        }
    }
}
