package dynamodb;

import aws.Destination;
import aws.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Never two writes of a key at a time, and never a write after a later write of its key.
 *
 * <p>A write waits while an earlier write of its key is on its way. A write that is replaced by a later one,
 * which waits or was taken, is not sent at all. All of it happens in the thread of the task. A request whose answer did not
 * come within its time counts as not taken, though the service may still carry it out.
 */
final class InOrder implements Destination<ItemWrite> {
    /** The writes of a key that were not taken yet. */
    private static final class Key {
        final Set<Long> pending = new HashSet<>(); // numbers
        long newest = -1; // number of the latest write that was ever here
        CompletableFuture<Void> flight; // ends with the answer to the write that is on its way; null: none is
    }

    private final Destination<ItemWrite> table;
    private final Executor task;
    private final Map<String, Key> keys = new HashMap<>();

    InOrder(Destination<ItemWrite> table, Executor task) {
        this.table = table;
        this.task = task;
    }

    @Override
    public void restore(List<ItemWrite> writes) {
        writes.forEach(this::admit);
    }

    @Override
    public CompletableFuture<Refused<ItemWrite>> send(List<ItemWrite> writes) {
        writes.forEach(this::admit);
        List<ItemWrite> now = new ArrayList<>();
        List<ItemWrite> later = new ArrayList<>();
        List<CompletableFuture<Void>> flights = new ArrayList<>();
        for (ItemWrite write : writes) {
            Key key = keys.get(write.key);
            if (write.number < key.newest) {
                settle(write);
            } else if (key.flight != null) {
                later.add(write);
                flights.add(key.flight);
            } else {
                key.flight = new CompletableFuture<>();
                now.add(write);
            }
        }
        CompletableFuture<Refused<ItemWrite>> sent = sendNow(now);
        if (later.isEmpty()) {
            return sent;
        }
        return CompletableFuture.allOf(flights.toArray(new CompletableFuture<?>[0]))
                .thenCompose(answered -> send(later))
                .thenCombine(sent, Refused::and);
    }

    private void admit(ItemWrite write) {
        Key key = keys.computeIfAbsent(write.key, none -> new Key());
        key.pending.add(write.number);
        key.newest = Math.max(key.newest, write.number);
    }

    /** The write is taken, or replaced. */
    private void settle(ItemWrite write) {
        Key key = keys.get(write.key);
        key.pending.remove(write.number);
        if (key.pending.isEmpty()) {
            keys.remove(write.key);
        }
    }

    private CompletableFuture<Refused<ItemWrite>> sendNow(List<ItemWrite> writes) {
        if (writes.isEmpty()) {
            return CompletableFuture.completedFuture(Refused.none(0));
        }
        return table.send(writes).thenApplyAsync(refused -> answered(writes, refused), task);
    }

    private Refused<ItemWrite> answered(List<ItemWrite> writes, Refused<ItemWrite> refused) {
        List<CompletableFuture<Void>> ended = new ArrayList<>();
        for (ItemWrite write : writes) {
            Key key = keys.get(write.key);
            ended.add(key.flight);
            key.flight = null;
        }
        Set<ItemWrite> again = new HashSet<>(refused.entries);
        writes.stream().filter(write -> !again.contains(write)).forEach(this::settle);
        ended.forEach(flight -> flight.complete(null));
        return refused;
    }

    @Override
    public String call() {
        return table.call();
    }

    @Override
    public String hint(List<ItemWrite> writes) {
        return table.hint(writes);
    }

    @Override
    public void close() {
        table.close();
    }
}
