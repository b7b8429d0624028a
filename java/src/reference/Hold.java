package reference;

/**
 * Holds the clock of a table back until a checkpoint has its newest version. Before that nobody sees the version, so
 * that a job which is restored may take over another one without contradiction.
 */
final class Hold {
    private volatile int kept; // versions that a completed checkpoint has, of those that were emitted to their end

    /** A checkpoint that has so many whole versions is complete. */
    void keep(int wholes) {
        kept = Math.max(kept, wholes);
    }

    boolean isHeld(ObjectSplit split) {
        return split.wholes > kept;
    }
}
