package preprocessing;

import java.time.Duration;

/**
 * A call that failed by what the function does with its records: it raised an error, gave no usable answer, or none in
 * time. The message is a clause, such as "the function raised ValueError: no number".
 */
final class FunctionFailed extends Exception {
    private static final int LONGEST = 500; // characters of what the function says

    FunctionFailed(String reason) {
        super(reason, null, false, false);
    }

    /** By an error that the function raised. */
    static FunctionFailed raised(String type, String message) {
        return new FunctionFailed("the function raised " + shown(message.isEmpty() ? type : type + ": " + message));
    }

    /** By an answer that is none of the contract. */
    static FunctionFailed answered(String what) {
        return new FunctionFailed("the function's answer " + what);
    }

    /** By no answer within the time limit. */
    static FunctionFailed late(Duration limit) {
        boolean isWhole = limit.toMillis() % 1000 == 0;
        String shown = isWhole ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
        return new FunctionFailed("the function gave no answer within " + shown);
    }

    /** In one line, and never much of it. */
    static String shown(String text) {
        String line = text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        return line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
    }
}
