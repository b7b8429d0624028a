package streaming;

/**
 * The event time that one shard has come to, and whether windows have to wait for it. All times are milliseconds.
 *
 * <p>A shard does not count, until that changes, when for longer than {@code idle}
 *
 * <ul>
 *   <li>it was silent: no reading came from it; or
 *   <li>it was behind: no reading came that is newer than the event time its subtask had returned already. Such a shard
 *       can only hold windows back: a clock that is hours slow, was set back, or stands still. But one that reads up a
 *       backlog counts on as long as, in each {@code idle}, it makes up more than half of what it is behind.
 * </ul>
 */
final class ShardClock {
    private static final long NEVER = -1;

    private long highest = SubtaskClock.NONE;
    private long heard; // when the last reading came
    private long behindSince = NEVER;
    private long behindBy; // then
    private long newest; // the highest event time since then

    /** The highest event time of all, NONE at first. */
    long highest() {
        return highest;
    }

    /** Takes note of a reading that comes {@code now}, after its subtask had returned so much. */
    void read(long eventTime, long returned, long now) {
        heard = now;
        highest = Math.max(highest, eventTime);
        if (eventTime > returned) {
            behindSince = NEVER;
        } else if (behindSince == NEVER) {
            newest = eventTime;
            fallBehind(returned, now);
        } else {
            newest = Math.max(newest, eventTime);
        }
    }

    /** Whether windows wait for it {@code now}, after its subtask has returned so much. */
    boolean counts(long returned, long now, long idle) {
        if (now - heard > idle) {
            return false;
        }
        if (behindSince != NEVER && now - behindSince > idle && returned - newest < (behindBy + 1) / 2) {
            fallBehind(returned, now); // it catches up
        }
        return behindSince == NEVER || now - behindSince <= idle;
    }

    /** Whether a shard that does not count still speaks, and is behind by no more than ten times {@code idle}. */
    boolean mayComeUp(long returned, long now, long idle) {
        return now - heard <= idle && returned - newest <= 10 * idle;
    }

    private void fallBehind(long returned, long now) {
        behindSince = now;
        behindBy = returned - newest;
    }
}
