package kinesis;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The watermark of the whole source, which the coordinator makes of the readers' reports, in rounds.
 *
 * <p>It is the lowest event time that the shards which speak have come to. A silent shard lets it go only to what the
 * others had come to at a round after which that shard was read, for the idle time, without a row: rows that wake
 * several shards from the same silence are all waited for, in whatever order they are read. See {@link ShardTimes}.
 *
 * <p>While a reader owes a report that counts, the watermark stands still: at the start, and when a reader was given a
 * shard, so that the children of a shard hold it where their parent left it.
 *
 * <p>A source all of whose shards are silent is idle after a while, so that it does not hold back the other sources of a
 * job.
 */
final class EventTime {
    static final int IDLE = 300; // rounds without a shard that speaks, a minute or more: the source is idle

    private final Map<Integer, ShardEvents.Report> reports = new HashMap<>(); // by subtask, those that count
    private final Map<Integer, Long> since = new HashMap<>(); // by subtask: the round after which reports count
    private final TreeMap<Long, Long> reached = new TreeMap<>(); // by round: what the shards that speak had come to
    private long round;
    private long silentRounds; // in a row, in which no shard spoke
    private long watermark = ShardTimes.NONE;

    /** The subtask has other shards from now on. */
    void changed(int subtask) {
        reports.remove(subtask);
        since.put(subtask, round);
    }

    /** The subtask goes back to a checkpoint, and the watermark with it. */
    void restarts(int subtask) {
        changed(subtask);
        reached.clear();
        watermark = ShardTimes.NONE;
    }

    /** A reader's state has this watermark. */
    void restore(long restored) {
        watermark = Math.max(watermark, restored);
    }

    void reported(int subtask, ShardEvents.Report report) {
        if (report.round > since.getOrDefault(subtask, 0L)) {
            reports.put(subtask, report);
        }
    }

    long watermark() {
        return watermark;
    }

    /**
     * The next round. isComplete: whether the readers have all shards that there are to read. held: what shards that no
     * reader has yet hold the watermark at, or ALL.
     */
    ShardEvents.Round next(int subtasks, boolean isComplete, long held) {
        round++;
        if (isComplete && reports.size() == subtasks) {
            goOn(held);
        } else {
            silentRounds = 0;
        }
        return new ShardEvents.Round(round, watermark, silentRounds >= IDLE);
    }

    private void goOn(long held) {
        long reported = reports.values().stream().mapToLong(report -> report.reached).min().orElse(ShardTimes.ALL);
        long speaking = Math.min(reported, held);
        long outlived = reports.values().stream().mapToLong(report -> report.outlived).min().orElse(ShardTimes.ALL);
        silentRounds = speaking == ShardTimes.ALL ? silentRounds + 1 : 0;
        if (speaking != ShardTimes.ALL && (reached.isEmpty() || reached.lastEntry().getValue() != speaking)) {
            reached.put(round, speaking);
        }
        long allowed = reachedAt(outlived);
        long found = outlived == ShardTimes.ALL ? speaking : Math.min(speaking, allowed);
        if (found != ShardTimes.ALL) {
            watermark = Math.max(watermark, found);
        }
    }

    /** What the shards that speak had come to at this round; what was before is forgotten. */
    private long reachedAt(long outlived) {
        Map.Entry<Long, Long> known = reached.floorEntry(outlived);
        if (known == null) {
            return ShardTimes.NONE;
        }
        reached.headMap(known.getKey()).clear();
        return known.getValue();
    }
}
