package preprocessing;

/** What became of a record: other data, nothing (it was dropped), or a refusal with its reason. */
final class Outcome {
    static final Outcome DROPPED = new Outcome(null, null);

    final byte[] data; // null: dropped or refused
    final String refusal; // null: not refused

    private Outcome(byte[] data, String refusal) {
        this.data = data;
        this.refusal = refusal;
    }

    static Outcome ok(byte[] data) {
        return new Outcome(data, null);
    }

    /** reason: a clause, such as "the function answered ProcessingFailed". */
    static Outcome refused(String reason) {
        return new Outcome(null, reason);
    }

    boolean isDropped() {
        return this == DROPPED;
    }
}
