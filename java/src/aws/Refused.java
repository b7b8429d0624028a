package aws;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/** What became of a request: the entries that were not taken, as far as one can know, and why. */
public final class Refused<T> {
    public final List<T> entries; // empty: all were taken
    final int sent; // how many entries went to the service: a sink may settle others without a call
    private final Problem problem; // of the whole request; null: it was carried out
    private final String reason; // of the entry that was refused last; null: there is none

    private Refused(List<T> entries, int sent, Problem problem, String reason) {
        this.entries = entries;
        this.sent = sent;
        this.problem = problem;
        this.reason = reason;
    }

    /** The request was carried out, with so many entries. */
    public static <T> Refused<T> none(int sent) {
        return new Refused<>(List.of(), sent, null, null);
    }

    /** The request was carried out, and these of so many entries were refused for now. reason: of the last of them. */
    public static <T> Refused<T> some(List<T> entries, int sent, String reason) {
        return new Refused<>(entries, sent, null, reason);
    }

    /**
     * The request was carried out, and its answer has a result for each entry, in their order.
     *
     * @param code of a result: why the entry was refused for now; null if it was taken
     */
    public static <R, T> Refused<T> inOrder(
            List<T> entries, List<R> results, Function<R, String> code, Function<R, String> message) {
        List<T> refused = new ArrayList<>();
        String why = null;
        for (int i = 0; i < entries.size(); i++) {
            R result = results.get(i);
            if (code.apply(result) != null) {
                refused.add(entries.get(i));
                why = code.apply(result) + ": " + message.apply(result);
            }
        }
        return some(refused, entries.size(), why);
    }

    /** What a call's answer says, or all of the entries if it failed. */
    public static <A, T> BiFunction<A, Throwable, Refused<T>> orAll(List<T> entries, Function<A, Refused<T>> answered) {
        return (answer, thrown) ->
                thrown == null ? answered.apply(answer) : new Refused<>(entries, entries.size(), Problem.of(thrown), null);
    }

    /** What became of two requests. */
    public Refused<T> and(Refused<T> other) {
        List<T> all = new ArrayList<>(entries);
        all.addAll(other.entries);
        boolean isWorse = problem == null || other.isForGood();
        return new Refused<>(
                all,
                sent + other.sent,
                other.problem != null && isWorse ? other.problem : problem,
                other.reason != null ? other.reason : reason);
    }

    /** Whether the service took most of what was sent. */
    boolean isMostlyTaken() {
        return problem == null && entries.size() < sent / 2;
    }

    Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }

    /** Whether it would be refused again, whoever permits whatever. */
    boolean isForGood() {
        return problem != null && problem.isFinal() && !problem.isDenied();
    }

    /** As what fails the job; call, hint: see {@link Destination}. */
    AwsFailure failure(String call, String hint) {
        return problem != null ? problem.failure(call, hint) : new AwsFailure(call + ": " + why(call) + ".");
    }

    /** For the log. */
    String why(String call) {
        if (problem == null) {
            return entries.size() + " refused, the last of them with " + reason;
        }
        return problem.isDenied() ? problem.failure(call).getMessage() : problem.toString();
    }
}
