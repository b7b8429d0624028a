package aws;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A service that answers when the case says so. */
public final class FakeDestination<T> implements Destination<T> {
    /** A request that was sent and not answered yet. */
    public static final class Call<T> {
        public final List<T> entries;
        private final CompletableFuture<Refused<T>> answer = new CompletableFuture<>();

        Call(List<T> entries) {
            this.entries = entries;
        }

        public void take() {
            answer.complete(Refused.none(entries.size()));
        }

        /** Takes all but these. */
        public void refuse(List<T> refused) {
            answer.complete(refused.isEmpty() ? Refused.none(entries.size()) : Refused.some(refused, entries.size(), "Slow: down"));
        }

        public void fail(Throwable thrown) {
            answer.complete(Refused.<Object, T>orAll(entries, none -> null).apply(null, thrown));
        }

        /** A mistake in the code. */
        public void breakDown(Throwable thrown) {
            answer.completeExceptionally(thrown);
        }
    }

    public final List<Call<T>> calls = new ArrayList<>();

    /** The only call that is open, which is then the case's to answer. */
    public Call<T> only() {
        Cases.equal(calls.size(), 1);
        return calls.remove(0);
    }

    @Override
    public CompletableFuture<Refused<T>> send(List<T> entries) {
        Call<T> call = new Call<>(List.copyOf(entries));
        calls.add(call);
        return call.answer;
    }

    @Override
    public String call() {
        return "Put";
    }

    @Override
    public void close() {}
}
