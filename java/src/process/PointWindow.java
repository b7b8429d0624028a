package process;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The newest points of a partition, and the hotspots among them.
 *
 * <p>A point is dense if at least {@code minimum} points of the window, itself among them, are within {@code radius} of
 * it. Dense points within the radius of each other are in the same hotspot, as are all points within the radius of a
 * dense point of it; a point between two hotspots belongs to both. The hotspots follow from the points alone, not from
 * their order.
 *
 * <p>Which points are near each other is held as bits, and kept up to date: a point costs a distance to each other point
 * when it comes, none when it goes. The hotspots are searched again only if a dense point is near a change.
 */
final class PointWindow {
    private final double radius;
    private final int minimum;
    private final double[][] points; // by slot; null where no point has been yet
    private final long[][] near; // by slot: the slots of the points within the radius, itself among them
    private final int[] counts; // by slot: how many those are
    private final int words; // of a row of bits
    private long next; // the number of the next point
    private String found; // the hotspots as JSON; null if they may have changed

    /** A window that is empty; its first point has the number {@code first}. */
    PointWindow(int size, double radius, int minimum, long first) {
        this.radius = radius;
        this.minimum = minimum;
        points = new double[size][];
        near = new long[size][];
        counts = new int[size];
        words = words(size);
        next = first;
    }

    /** Bytes of memory that a full window takes, about. */
    static long bytes(int size, int dimensions) {
        return (long) size * (8L * words(size) + 8L * dimensions + 64);
    }

    /** The number of the next point, which goes to the slot {@code number % size}. */
    long next() {
        return next;
    }

    /** A point comes. If the window is full, its oldest point goes. The coordinates are finite. */
    void add(double[] point) {
        int slot = (int) (next++ % points.length);
        if (points[slot] == null) {
            near[slot] = new long[words];
        } else {
            remove(slot);
        }
        points[slot] = point;
        for (int other = 0; other < points.length; other++) {
            if (points[other] != null && isNear(point, points[other])) {
                link(slot, other);
            }
        }
        forgetIfDense(slot);
    }

    private void link(int slot, int other) {
        set(near[slot], other);
        counts[slot]++;
        if (other != slot) {
            set(near[other], slot);
            counts[other]++;
        }
    }

    private void remove(int slot) {
        forgetIfDense(slot);
        for (int other = following(near[slot], 0); other >= 0; other = following(near[slot], other + 1)) {
            near[other][word(slot)] &= ~bit(slot);
            counts[other]--;
        }
        Arrays.fill(near[slot], 0);
        counts[slot] = 0;
    }

    /** The hotspots are to be searched again if the point of the slot, or one near it, is dense. */
    private void forgetIfDense(int slot) {
        for (int other = following(near[slot], 0); other >= 0; other = following(near[slot], other + 1)) {
            if (counts[other] >= minimum) {
                found = null;
                return;
            }
        }
    }

    /** The square of the distance is summed in the order of the columns, so that it is the same wherever computed. */
    private boolean isNear(double[] point, double[] other) {
        double sum = 0;
        for (int column = 0; column < point.length; column++) {
            double difference = point[column] - other[column];
            sum += difference * difference;
        }
        return sum <= radius * radius;
    }

    /** The hotspots as JSON: {@code {"hotspots":[{"density":..,"minValues":[..],"maxValues":[..]}]}}, densest first. */
    String hotspots() {
        if (found == null) {
            List<Hotspot> hotspots = search();
            hotspots.sort(Comparator.comparingDouble(Hotspot::density)
                    .reversed()
                    .thenComparing(Hotspot::minimums, Arrays::compare)
                    .thenComparing(Hotspot::maximums, Arrays::compare));
            found = "{\"hotspots\":[" + String.join(",", hotspots.stream().map(Hotspot::json).toList()) + "]}";
        }
        return found;
    }

    private List<Hotspot> search() {
        List<Hotspot> hotspots = new ArrayList<>();
        long[] dense = new long[words]; // those that are in no hotspot yet
        for (int slot = 0; slot < points.length; slot++) {
            if (counts[slot] >= minimum) {
                set(dense, slot);
            }
        }
        for (int first = following(dense, 0); first >= 0; first = following(dense, first)) {
            hotspots.add(hotspot(members(first, dense)));
        }
        return hotspots;
    }

    /** The slots of a hotspot that has this dense point; its dense points are taken out of {@code dense}. */
    private long[] members(int first, long[] dense) {
        long[] members = new long[words];
        int[] open = new int[points.length]; // dense points whose neighbours are not members yet
        int left = 0;
        open[left++] = first;
        dense[word(first)] &= ~bit(first);
        while (left > 0) {
            long[] around = near[open[--left]];
            for (int word = 0; word < words; word++) {
                members[word] |= around[word];
                for (long reached = around[word] & dense[word]; reached != 0; reached &= reached - 1) {
                    open[left++] = word * Long.SIZE + Long.numberOfTrailingZeros(reached);
                }
                dense[word] &= ~around[word];
            }
        }
        return members;
    }

    private Hotspot hotspot(long[] members) {
        int first = following(members, 0);
        double[] minimums = points[first].clone();
        double[] maximums = points[first].clone();
        int count = 0;
        for (int slot = first; slot >= 0; slot = following(members, slot + 1)) {
            count++;
            for (int column = 0; column < minimums.length; column++) {
                minimums[column] = Math.min(minimums[column], points[slot][column]);
                maximums[column] = Math.max(maximums[column], points[slot][column]);
            }
        }
        return new Hotspot(density(count, minimums, maximums), minimums, maximums);
    }

    /** Points by the volume of their box, where a side that is shorter than the radius counts as the radius. */
    private double density(int count, double[] minimums, double[] maximums) {
        double density = count;
        for (int column = 0; column < minimums.length; column++) {
            density /= Math.max(maximums[column] - minimums[column], radius);
        }
        return Math.min(density, Double.MAX_VALUE);
    }

    private static int words(int size) {
        return (size + Long.SIZE - 1) / Long.SIZE;
    }

    private static int word(int slot) {
        return slot / Long.SIZE;
    }

    private static long bit(int slot) {
        return 1L << slot;
    }

    private static void set(long[] row, int slot) {
        row[word(slot)] |= bit(slot);
    }

    /** The first slot of the row from this on; -1 without. */
    private static int following(long[] row, int from) {
        int word = word(from);
        if (word >= row.length) {
            return -1;
        }
        long rest = row[word] & (-1L << from);
        while (rest == 0) {
            if (++word == row.length) {
                return -1;
            }
            rest = row[word];
        }
        return word * Long.SIZE + Long.numberOfTrailingZeros(rest);
    }

    private record Hotspot(double density, double[] minimums, double[] maximums) {
        String json() {
            return "{\"density\":" + density + ",\"minValues\":" + list(minimums) + ",\"maxValues\":" + list(maximums) + "}";
        }

        private static String list(double[] values) {
            return Arrays.toString(values).replace(" ", "");
        }
    }
}
