package process;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.dataview.MapView;

/**
 * The points of a window as a ring in Flink's state: by slot, a point's number in the partition and its coordinates.
 *
 * <p>A point is one entry that is written, and takes the place of the one that leaves the window.
 */
final class StoredPoints {
    private StoredPoints() {}

    /** A point comes. A number has less than 53 bits, so a double holds it. */
    static void put(MapView<Integer, double[]> points, int size, long number, double[] point) throws Exception {
        double[] value = new double[point.length + 1];
        value[0] = number;
        System.arraycopy(point, 0, value, 1, point.length);
        points.put(slot(value, size), value);
    }

    /**
     * The window of these points. If they are of a window of another size, the newest go on, and the state is made anew;
     * if they have another number of coordinates, the window is empty.
     */
    static PointWindow window(
            MapView<Integer, double[]> points, int size, double radius, int minimum, int dimensions)
            throws Exception {
        List<double[]> kept = new ArrayList<>();
        boolean isOfTheSame = true;
        for (Map.Entry<Integer, double[]> entry : points.entries()) {
            isOfTheSame &= entry.getKey() == slot(entry.getValue(), size) && entry.getValue().length == dimensions + 1;
            kept.add(entry.getValue());
        }
        kept.sort(Comparator.comparingDouble(value -> value[0]));
        if (!isOfTheSame) {
            kept.removeIf(value -> value.length != dimensions + 1);
            kept = kept.subList(Math.max(0, kept.size() - size), kept.size());
            points.clear();
            for (double[] value : kept) {
                points.put(slot(value, size), value);
            }
        }
        PointWindow window = new PointWindow(size, radius, minimum, kept.isEmpty() ? 0 : (long) kept.get(0)[0]);
        kept.forEach(value -> window.add(Arrays.copyOfRange(value, 1, value.length)));
        return window;
    }

    private static int slot(double[] value, int size) {
        return (int) ((long) value[0] % size);
    }
}
