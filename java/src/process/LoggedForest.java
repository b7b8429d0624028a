package process;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.flink.table.api.dataview.ListView;

/**
 * The forest of one partition in memory, and in Flink's state what makes it anew: its bytes as of some point, and the
 * points since.
 *
 * <p>So a row costs the state one short entry, and every {@link #INTERVAL} rows the whole forest.
 */
final class LoggedForest {
    /** The points between two snapshots. More make a restore longer; fewer make rows dearer. */
    static final int INTERVAL = 500;

    private final RandomCutForest forest;
    private int logged; // points in the state since the snapshot

    private LoggedForest(RandomCutForest forest) {
        this.forest = forest;
    }

    /**
     * The forest that the state holds; a new one if it holds none, or one that was made otherwise.
     *
     * @param columns how many numbers a point has
     */
    static LoggedForest restored(
            ForestSettings settings, int columns, ListView<byte[]> snapshot, ListView<float[]> points)
            throws Exception {
        Iterator<byte[]> saved = snapshot.get().iterator();
        List<float[]> log = new ArrayList<>();
        points.get().forEach(log::add);
        RandomCutForest forest = saved.hasNext() ? ForestBytes.forest(saved.next()) : settings.planted(columns);
        if (!settings.made(forest, columns) || log.stream().anyMatch(point -> point.length != columns)) {
            snapshot.clear();
            points.clear();
            return new LoggedForest(settings.planted(columns));
        }
        LoggedForest restored = new LoggedForest(forest);
        log.forEach(forest::update);
        restored.logged = log.size();
        return restored;
    }

    /** How far a point is from those before it; 0 while the forest learns. */
    double score(float[] point) {
        return forest.getAnomalyScore(point);
    }

    /** The score by dimension of the shingle, oldest point first, and by direction. */
    DiVector attribution(float[] point) {
        return forest.getAnomalyAttribution(point);
    }

    /** Learn a point. */
    void learn(float[] point, ListView<byte[]> snapshot, ListView<float[]> points) throws Exception {
        forest.update(point);
        logged++;
        if (logged < INTERVAL) {
            points.add(point);
            return;
        }
        snapshot.clear();
        snapshot.add(ForestBytes.of(forest));
        points.clear();
        logged = 0;
    }
}
