package streaming;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The event time that a subtask has come to: the lowest, over the shards that count, of the highest event time of each.
 * All times are milliseconds; event times count from 1970.
 *
 * <ul>
 *   <li>A shard counts until it has been silent, or behind, for longer than {@code idle}: see {@link ShardClock}.
 *   <li>For {@code warmUp} after the first record nothing is returned, because shards may be unheard of.
 *   <li>After a pause of over half of {@code idle}, what is returned stays for {@code warmUp} as it was before the pause:
 *       other subtasks may wake from the same silence, and must be heard before windows close.
 *   <li>While no shard counts and records come all the same (rejected ones, or of a clock that is hours slow), event time
 *       goes on with the wall clock, from where it was. A subtask with records is never idle for Flink, so that one such
 *       sender would otherwise hold back every window of the job for as long as it sends. But while a shard is near
 *       enough to come up, event time stands still: one reading of a fast clock may have put it ahead of all others.
 *   <li>A pause without any record counts as a sixth of {@code idle} at most: after an outage, the first shard to
 *       speak must not outrun the others, whose records are still to come.
 * </ul>
 *
 * <p>The wall clock is an argument, so that tests need not wait. Any clock will do that never goes back.
 */
public final class SubtaskClock {
    /** No event time: of a rejected record, or of a subtask that knows none yet. */
    public static final long NONE = Long.MIN_VALUE;

    private final Map<String, ShardClock> shards = new HashMap<>();
    private ShardClock last; // and its name: most records come from the shard of the one before
    private String lastName;
    private long called = NONE; // the wall clock at the last call
    private long clock; // the wall clock without the better part of long pauses, from 0
    private long warm; // until then, `held` is returned
    private long held = NONE;
    private long lowest = NONE;
    private long lowestAt = NONE; // the clock when `lowest` was found
    private long returned = NONE; // the highest so far

    /**
     * Takes note of a record and returns the event time of the subtask, or NONE; it may fall from call to call.
     *
     * @param now the wall clock, which never goes back
     * @param eventTime the record's, or NONE
     * @param shard the record's; null is a shard like any other
     */
    public long read(long now, long eventTime, String shard, long warmUp, long idle) {
        goOn(now, warmUp, idle);
        boolean mayDiffer = clock != lowestAt; // a shard may have fallen silent, or behind for too long
        if (eventTime != NONE) {
            ShardClock speaker = shard(shard);
            mayDiffer |= lowest == NONE || speaker.highest() <= lowest;
            speaker.read(eventTime, returned, clock);
        }
        if (mayDiffer) {
            lowest = lowest(idle);
            lowestAt = clock;
        }
        long time = clock < warm ? held : lowest;
        returned = Math.max(returned, time);
        return time;
    }

    private void goOn(long now, long warmUp, long idle) {
        boolean isFirst = called == NONE;
        long pause = isFirst ? 0 : now - called;
        called = now;
        clock += Math.min(pause, Math.max(idle / 6, 1));
        boolean isNoticeable = pause > idle / 2;
        if (isFirst || isNoticeable) {
            held = lowest;
            warm = clock + warmUp;
        }
    }

    private ShardClock shard(String name) {
        if (last == null || !Objects.equals(name, lastName)) {
            last = shards.computeIfAbsent(name, unheard -> new ShardClock());
            lastName = name;
        }
        return last;
    }

    private long lowest(long idle) {
        long found = Long.MAX_VALUE;
        boolean isAwaited = false;
        for (ShardClock shard : shards.values()) {
            if (shard.counts(returned, clock, idle)) {
                found = Math.min(found, shard.highest());
            } else {
                isAwaited |= shard.mayComeUp(returned, clock, idle);
            }
        }
        if (found != Long.MAX_VALUE) {
            return found;
        }
        return isAwaited || returned == NONE ? NONE : returned + clock - lowestAt;
    }
}
