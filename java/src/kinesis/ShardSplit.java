package kinesis;

import java.util.List;
import org.apache.flink.api.connector.source.SourceSplit;

/**
 * A shard, as the coordinator gives it to a reader and as the reader's state keeps it. It never changes.
 *
 * <p>A shard that was read to its end stays in the reader's state, marked as ended, until the coordinator's own state
 * says so too: see {@link ShardReader}.
 */
final class ShardSplit implements SourceSplit {
    final String id;
    final Position position;
    final List<String> parents; // that have to be read to their ends before
    final boolean isEnded;
    final long watermark; // of the source, when a reader's state was taken; ShardTimes.NONE: there was none
    final long reached; // the event time that the shard, or before it its parents, had come to; NONE: there was none

    ShardSplit(String id, Position position, List<String> parents, boolean isEnded) {
        this(id, position, parents, isEnded, ShardTimes.NONE, ShardTimes.NONE);
    }

    ShardSplit(String id, Position position, List<String> parents, boolean isEnded, long watermark, long reached) {
        this.id = id;
        this.position = position;
        this.parents = List.copyOf(parents);
        this.isEnded = isEnded;
        this.watermark = watermark;
        this.reached = reached;
    }

    @Override
    public String splitId() {
        return id;
    }

    ShardSplit at(Position further) {
        return new ShardSplit(id, further, parents, isEnded, watermark, reached);
    }

    ShardSplit ended() {
        return new ShardSplit(id, position, parents, true, watermark, reached);
    }

    ShardSplit with(long current) {
        return new ShardSplit(id, position, parents, isEnded, current, reached);
    }

    ShardSplit reaching(long eventTime) {
        return new ShardSplit(id, position, parents, isEnded, watermark, eventTime);
    }

    @Override
    public String toString() {
        return id + (isEnded ? ", ended" : " from " + position);
    }
}
