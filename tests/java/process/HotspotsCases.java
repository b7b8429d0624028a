package process;

import java.util.Random;
import org.apache.flink.table.api.dataview.MapView;

/** The points of hotspots in Flink's state, and the windows that are made of them. */
public final class HotspotsCases {
    private static final double RADIUS = 0.5;
    private static final int MINIMUM = 4;

    private HotspotsCases() {}

    /** A window that is made of the state at each point gives the same as one that stays in memory. */
    public static void aWindowIsTheSameAfterARestore() throws Exception {
        MapView<Integer, double[]> state = new MapView<>();
        PointWindow window = new PointWindow(50, RADIUS, MINIMUM, 0);
        Random drawn = new Random(1);
        for (int number = 0; number < 400; number++) {
            double[] point = point(drawn);
            PointWindow restored = StoredPoints.window(state, 50, RADIUS, MINIMUM, 2);
            StoredPoints.put(state, 50, restored.next(), point);
            restored.add(point);
            window.add(point);
            equal(restored.hotspots(), window.hotspots());
            equal(size(state), Math.min(number + 1, 50));
        }
    }

    /** After a restore with a larger window, the points there are go on, and newer ones join them. */
    public static void aWindowGrows() throws Exception {
        resized(50, 80);
    }

    /** After a restore with a smaller window, the newest points go on. */
    public static void aWindowShrinks() throws Exception {
        resized(80, 30);
    }

    private static void resized(int before, int after) throws Exception {
        MapView<Integer, double[]> state = new MapView<>();
        Random drawn = new Random(2);
        double[][] points = new double[300][];
        for (int number = 0; number < points.length; number++) {
            points[number] = point(drawn);
            int size = number < 130 ? before : after;
            PointWindow window = StoredPoints.window(state, size, RADIUS, MINIMUM, 2);
            StoredPoints.put(state, size, window.next(), points[number]);
            window.add(points[number]);
            int first = Math.max(number < 130 ? 0 : Math.max(0, 130 - before), number + 1 - size);
            PointWindow fresh = new PointWindow(size, RADIUS, MINIMUM, 0);
            for (int other = first; other <= number; other++) {
                fresh.add(points[other]);
            }
            equal(window.hotspots(), fresh.hotspots());
            equal(size(state), number + 1 - first);
        }
    }

    /** After a restore with other columns the window begins anew: points of another number of coordinates are no use. */
    public static void otherColumnsBeginAnew() throws Exception {
        MapView<Integer, double[]> state = new MapView<>();
        StoredPoints.put(state, 50, 7, new double[] {1, 2});
        PointWindow window = StoredPoints.window(state, 50, RADIUS, MINIMUM, 3);
        equal(window.next(), 0L);
        equal(size(state), 0);
    }

    private static double[] point(Random drawn) {
        double center = drawn.nextInt(3);
        return new double[] {center + drawn.nextGaussian() / 2, center + drawn.nextGaussian() / 2};
    }

    private static int size(MapView<Integer, double[]> state) throws Exception {
        int size = 0;
        for (Object each : state.keys()) {
            size++;
        }
        return size;
    }

    private static void equal(Object actual, Object expected) {
        if (!expected.equals(actual)) {
            throw new AssertionError(actual + " instead of " + expected);
        }
    }
}
