package process;

import static aws.Cases.equal;

import com.amazon.randomcutforest.RandomCutForest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.types.Row;

/** A forest in memory and in the state, without Flink. */
public final class ForestCases {
    private static final ForestSettings SMALL = ForestSettings.of(20, 64, null, 2);
    private static final int POINTS = 2 * LoggedForest.INTERVAL + 100;

    private ForestCases() {}

    /** The state of a partition, with what is done to it. */
    private static final class Kept {
        final ListView<byte[]> snapshot = new ListView<>();
        final ListView<float[]> points = new ListView<>();

        LoggedForest restored(ForestSettings settings, int columns) throws Exception {
            return LoggedForest.restored(settings, columns, snapshot, points);
        }

        double score(LoggedForest forest, float[] point) throws Exception {
            double score = forest.score(point);
            forest.learn(point, snapshot, points);
            return score;
        }
    }

    private static List<float[]> points(int count) {
        Random drawn = new Random(5);
        List<float[]> points = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            float far = drawn.nextInt(50) == 0 ? 100 : 0;
            points.add(new float[] {drawn.nextFloat() * 10 + far, drawn.nextInt(7)});
        }
        return points;
    }

    /** Restored after any number of points, around each snapshot too, it scores as the library does without an end. */
    public static void aRestoredForestScoresAsIfItHadNotEnded() throws Exception {
        RandomCutForest library = SMALL.planted(2);
        List<float[]> points = points(POINTS);
        List<Double> wanted = new ArrayList<>();
        for (float[] point : points) {
            wanted.add(library.getAnomalyScore(point));
            library.update(point);
        }
        int interval = LoggedForest.INTERVAL;
        for (int end : new int[] {1, 17, interval - 1, interval, interval + 1, 2 * interval, 2 * interval + 30}) {
            Kept kept = new Kept();
            LoggedForest forest = kept.restored(SMALL, 2);
            for (int number = 0; number < POINTS; number++) {
                if (number == end) {
                    forest = kept.restored(SMALL, 2);
                }
                equal(kept.score(forest, points.get(number)), wanted.get(number));
            }
        }
    }

    /** The points since the snapshot are in the state, and no others. */
    public static void theLogIsShort() throws Exception {
        Kept kept = new Kept();
        LoggedForest forest = kept.restored(SMALL, 2);
        int number = 0;
        for (float[] point : points(POINTS)) {
            kept.score(forest, point);
            number++;
            equal(kept.points.getList().size(), number % LoggedForest.INTERVAL);
            equal(kept.snapshot.getList().size(), number < LoggedForest.INTERVAL ? 0 : 1);
        }
    }

    /** A state of other settings, or of other columns, is given up, and a new forest learns. */
    public static void aStateOfAnotherForestIsGivenUp() throws Exception {
        for (int count : new int[] {LoggedForest.INTERVAL - 1, LoggedForest.INTERVAL + 1}) {
            Kept kept = new Kept();
            LoggedForest forest = kept.restored(SMALL, 2);
            for (float[] point : points(count)) {
                kept.score(forest, point);
            }
            LoggedForest other = kept.restored(SMALL, 1);
            equal(kept.snapshot.getList().size() + kept.points.getList().size(), 0);
            equal(kept.score(other, new float[] {1}), 0.0);
        }
        Kept kept = new Kept();
        LoggedForest forest = kept.restored(SMALL, 2);
        for (float[] point : points(LoggedForest.INTERVAL)) {
            kept.score(forest, point);
        }
        kept.restored(ForestSettings.of(21, 64, null, 2), 2);
        equal(kept.snapshot.getList().size(), 0);
    }

    /** Forests that were not used for longest leave the memory; small ones may be more than large ones. */
    public static void memoryIsBounded() {
        int held = held(ForestSettings.of(null, null, null, null), 1);
        equal(held, 100);
        equal(held(ForestSettings.of(50, null, null, null), 1), 200);
        equal(held(ForestSettings.of(1000, 1000, null, 30), 10), 1);
    }

    private static int held(ForestSettings settings, int columns) {
        Forests forests = new Forests(settings.size(columns));
        for (int key = 0; key < 1000; key++) {
            forests.put(Row.of(key), null);
            forests.get(Row.of(0));
        }
        equal(forests.size() == 1 || forests.containsKey(Row.of(0)), true);
        return forests.size();
    }
}
