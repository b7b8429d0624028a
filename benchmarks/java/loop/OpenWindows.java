package loop;

import java.io.IOException;
import java.io.Writer;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The windows that have not closed: a minute of event time each, closed 5 s of event time after its end. */
final class OpenWindows {
    private static final long MINUTE = 60_000;
    private static final long DISORDER = 5_000;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");

    private final TreeMap<Long, Map<String, Total>> windows = new TreeMap<>();
    private final List<? extends Writer> sinks;
    private long watermark = Long.MIN_VALUE;

    OpenWindows(List<? extends Writer> sinks) {
        this.sinks = sinks;
    }

    /** Adds a reading to its window, unless it is late, and closes the windows that end before it. */
    void add(Reading reading) throws IOException {
        long end = (Math.floorDiv(reading.time, MINUTE) + 1) * MINUTE;
        if (end > watermark) {
            windows.computeIfAbsent(end, none -> new HashMap<>())
                    .computeIfAbsent(reading.name, none -> new Total())
                    .add(reading);
        }
        if (reading.time - DISORDER > watermark) {
            watermark = reading.time - DISORDER;
            closeUntil(watermark);
        }
    }

    /** Closes all windows. */
    void closeAll() throws IOException {
        closeUntil(Long.MAX_VALUE);
    }

    private void closeUntil(long time) throws IOException {
        while (!windows.isEmpty() && windows.firstKey() <= time) {
            var window = windows.pollFirstEntry();
            String end = TIME.format(LocalDateTime.ofEpochSecond(window.getKey() / 1000, 0, ZoneOffset.UTC));
            for (var unicorn : window.getValue().entrySet()) {
                String row = unicorn.getValue().row(unicorn.getKey(), end);
                for (Writer sink : sinks) {
                    sink.write(row);
                }
            }
        }
    }
}
