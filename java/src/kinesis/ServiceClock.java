package kinesis;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.SdkResponse;

/**
 * The service's time, by the Date of its answers: what had arrived by which time. This machine's clock may be wrong, may
 * be set while the job runs, and goes on while the machine is suspended, when nothing is read; so it is not asked.
 *
 * <p>A Date is of whole seconds, and from before its answer came. So the time that is found is never ahead of the
 * service's; it is behind by up to two seconds and what an answer takes.
 */
final class ServiceClock {
    private static final long SPACING = TimeUnit.SECONDS.toMillis(1); // between two answers that are remembered
    private static final long MEMORY = TimeUnit.HOURS.toMillis(1); // what was read waits for its rows not longer

    private final TreeMap<Long, Long> ahead = new TreeMap<>(); // by how much, by {@link Loop#now} of an answer

    /** An answer came. now: {@link Loop#now}. */
    void told(SdkResponse answer, long now) {
        if (answer.sdkHttpResponse() != null) {
            answer.sdkHttpResponse().firstMatchingHeader("Date").ifPresent(date -> told(date, now));
        }
    }

    /** The same, by the answer's Date as HTTP has it; one that is none says nothing. */
    synchronized void told(String date, long now) {
        if (!ahead.isEmpty() && now - ahead.lastKey() < SPACING) {
            return;
        }
        try {
            ahead.put(now, Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date)).toEpochMilli() - now);
            ahead.headMap(now - MEMORY).clear();
        } catch (DateTimeException e) {
            // The next answer may say more.
        }
    }

    /**
     * The service's time, in milliseconds since 1970, at a time of {@link Loop#now}; UNKNOWN if that is UNKNOWN, or no
     * answer had a Date. The last answer before decides: later ones may come from after the machine was suspended.
     */
    synchronized long at(long time) {
        if (time == Arrivals.UNKNOWN || ahead.isEmpty()) {
            return Arrivals.UNKNOWN;
        }
        Map.Entry<Long, Long> before = ahead.floorEntry(time);
        return time + (before == null ? ahead.firstEntry() : before).getValue();
    }
}
