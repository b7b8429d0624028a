package process;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.types.Row;

/** The forests of the partitions that were last seen, as many as a subtask keeps in memory. */
final class Forests extends LinkedHashMap<Row, LoggedForest> {
    private static final long serialVersionUID = 1L;
    /** About 100 forests of the defaults over one column. The others wait in Flink's state. */
    private static final long LARGEST = 100 * ForestSettings.of(null, null, null, null).size(1);

    private final int limit;

    Forests(long size) {
        super(16, 0.75f, true); // in the order of use
        limit = (int) Math.max(1, LARGEST / size);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<Row, LoggedForest> eldest) {
        return size() > limit;
    }
}
