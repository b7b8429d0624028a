package sample;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How many rows a query gave, and the newest of them. The writers of a table of the connector {@code sample} fill it,
 * and whoever runs the query in this JVM takes what has come.
 */
public final class Sample {
    private static final Map<String, Sample> ALL = new ConcurrentHashMap<>();

    private final Deque<String> newest = new ArrayDeque<>(); // the oldest first
    private long rows;

    private Sample() {}

    /** The sample of this name, which is empty at first. */
    public static Sample of(String name) {
        return ALL.computeIfAbsent(name, any -> new Sample());
    }

    /** Forgets the sample of this name. */
    public static void drop(String name) {
        ALL.remove(name);
    }

    /** row: as JSON. change: Flink's short name of what it does to the result. most: rows to keep. */
    synchronized void add(String row, String change, int most) {
        rows++;
        newest.add("{\"change\": \"" + change + "\", \"row\": " + row + "}");
        if (newest.size() > most) {
            newest.remove();
        }
    }

    /**
     * The number of all rows so far, and the newest of those that came since the last call, the oldest first:
     * {@code {"rows": 7, "newest": [{"change": "+I", "row": {...}}, ...]}}.
     */
    public synchronized String take() {
        String taken = "{\"rows\": " + rows + ", \"newest\": [" + String.join(", ", newest) + "]}";
        newest.clear();
        return taken;
    }
}
