package reference;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;

/** Some lines of an object, as Flink's reader takes them. */
final class Batch implements RecordsWithSplitIds<Line> {
    private String next; // the object, until it was asked for
    private final Iterator<Line> lines;
    private final Set<String> ended;

    Batch(String id, List<Line> lines, boolean isEnd) {
        this.next = id;
        this.lines = lines.iterator();
        this.ended = isEnd ? Set.of(id) : Set.of();
    }

    static Batch empty() {
        return new Batch(null, Collections.emptyList(), false);
    }

    @Override
    public String nextSplit() {
        String id = next;
        next = null;
        return id;
    }

    @Override
    public Line nextRecordFromSplit() {
        return lines.hasNext() ? lines.next() : null;
    }

    @Override
    public Set<String> finishedSplits() {
        return ended;
    }
}
