package kinesis;

import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;

/** The parts of one shard's answer, as Flink's reader takes them. */
final class Batch implements RecordsWithSplitIds<Part> {
    private final String shard; // null: of none
    private final Iterator<Part> parts;
    private final boolean isEnd;
    private boolean isBegun;

    private Batch(String shard, List<Part> parts, boolean isEnd) {
        this.shard = shard;
        this.parts = parts.iterator();
        this.isEnd = isEnd;
    }

    static Batch empty() {
        return new Batch(null, List.of(), false);
    }

    static Batch of(String shard, List<Part> parts, boolean isEnd) {
        return new Batch(shard, parts, isEnd);
    }

    @Override
    public String nextSplit() {
        if (isBegun) {
            return null;
        }
        isBegun = true;
        return shard;
    }

    @Override
    public Part nextRecordFromSplit() {
        return parts.hasNext() ? parts.next() : null;
    }

    @Override
    public Set<String> finishedSplits() {
        return isEnd ? Set.of(shard) : Set.of();
    }
}
