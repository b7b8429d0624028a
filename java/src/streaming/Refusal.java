package streaming;

/** Why a line is no record: the rest of a sentence that begins with "The record", without its point. */
public final class Refusal extends Exception {
    public Refusal(String reason) {
        super(reason, null, false, false); // without a stack trace, which takes longer than all the rest
    }

    /** Throws one unless it holds. */
    public static void unless(boolean holds, String reason) throws Refusal {
        if (!holds) {
            throw new Refusal(reason);
        }
    }
}
