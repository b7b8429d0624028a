package process;

import java.lang.management.ManagementFactory;
import java.util.Random;

/** What a point costs in a full window, by its size and the coordinates: a table, in microseconds of processor time. */
public final class HotspotsCost {
    private static final int[] WINDOWS = {100, 1_000};
    private static final double DENSE = 0.017; // of a window: the points that make a point dense
    private static double unused; // of the results, so that they are computed

    private HotspotsCost() {}

    /** Print the table. */
    public static void main(String[] arguments) {
        System.out.println("| Coordinates | Points in hotspots | Window of 100 | 1,000 |");
        for (int dimensions : new int[] {1, 2, 3, 10}) {
            row(dimensions, 0.2);
        }
        row(2, 1);
    }

    private static void row(int dimensions, double share) {
        System.out.printf("| %d | %.0f%% |", dimensions, share * 100);
        for (int window : WINDOWS) {
            System.out.printf(" %.1f µs |", cost(window, dimensions, share));
            System.out.flush();
        }
        System.out.println();
    }

    private static double cost(int size, int dimensions, double share) {
        PointWindow window = new PointWindow(size, 0.4, Math.max(2, (int) (size * DENSE)), 0);
        Random drawn = new Random(1);
        int count = share < 1 ? 20_000_000 / size : 2_000_000 / size;
        double[][] points = new double[size + 2 * count][];
        for (int number = 0; number < points.length; number++) {
            points[number] = point(drawn, dimensions, share);
        }
        long begin = 0;
        for (int number = 0; number < points.length; number++) {
            if (number == size + count) {
                begin = used(); // the window is full, the code compiled
            }
            window.add(points[number]);
            unused += window.hotspots().length();
        }
        return (used() - begin) / 1e3 / count;
    }

    private static double[] point(Random drawn, int dimensions, double share) {
        boolean isHot = drawn.nextDouble() < share;
        double[] point = new double[dimensions];
        for (int column = 0; column < dimensions; column++) {
            point[column] =
                    isHot ? 5 + drawn.nextGaussian() * 0.3 / Math.sqrt(dimensions) : drawn.nextDouble() * 10;
        }
        return point;
    }

    private static long used() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
