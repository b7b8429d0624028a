package process;

import com.amazon.randomcutforest.RandomCutForest;
import java.lang.management.ManagementFactory;
import java.util.Random;

/** What a forest costs: the table of docs/random-cut-forest.md, by `python -m tests.forest cost`. */
public final class ForestCost {
    private static final int ROWS = 3000;
    private static final int[][] FORESTS = { // trees, sample, columns, shingle
        {100, 256, 1, 1}, // warms up
        {100, 256, 1, 1},
        {50, 256, 1, 1},
        {30, 256, 1, 1},
        {100, 64, 1, 1},
        {100, 1000, 1, 1},
        {100, 256, 2, 1},
        {100, 256, 5, 1},
        {100, 256, 10, 1},
        {100, 256, 1, 8},
    };

    private ForestCost() {}

    public static void main(String[] arguments) throws Exception {
        System.out.println("trees sample columns shingle: score, learn, attribution in us; bytes; written, read in us");
        for (int[] of : FORESTS) {
            RandomCutForest forest = ForestSettings.of(of[0], of[1], null, of[3]).planted(of[2]);
            Random drawn = new Random(7);
            for (int row = 0; row < 2000; row++) {
                forest.update(point(drawn, of[2]));
            }
            float[][] points = new float[ROWS][];
            for (int row = 0; row < ROWS; row++) {
                points[row] = point(drawn, of[2]);
            }
            double score = each(ROWS, row -> forest.getAnomalyScore(points[row]));
            double learn = each(ROWS, row -> forest.update(points[row]));
            double attribution = each(ROWS, row -> forest.getAnomalyAttribution(points[row]));
            byte[] bytes = ForestBytes.of(forest);
            double written = each(10, row -> ForestBytes.of(forest));
            double read = each(10, row -> ForestBytes.forest(bytes));
            System.out.printf(
                    "%d %d %d %d: %.0f, %.0f, %.0f; %d; %.0f, %.0f%n",
                    of[0], of[1], of[2], of[3], score, learn, attribution, bytes.length, written, read);
        }
    }

    private static float[] point(Random drawn, int columns) {
        float[] point = new float[columns];
        for (int column = 0; column < columns; column++) {
            point[column] = drawn.nextInt(97) == 0 ? 150 + drawn.nextInt(50) : 60 + drawn.nextInt(40);
        }
        return point;
    }

    private interface Step {
        void of(int row) throws Exception;
    }

    /** Microseconds of CPU of one of so many steps. */
    private static double each(int count, Step step) throws Exception {
        var threads = ManagementFactory.getThreadMXBean();
        long begin = threads.getCurrentThreadCpuTime();
        for (int row = 0; row < count; row++) {
            step.of(row);
        }
        return (threads.getCurrentThreadCpuTime() - begin) / 1e3 / count;
    }
}
