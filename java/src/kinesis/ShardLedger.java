package kinesis;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which shards there are, and how far each is: the coordinator's memory, and what its checkpoints hold.
 *
 * <p>Children wait until all their parents were read to the end, so that records of one key are emitted in their order.
 */
final class ShardLedger {
    /** How far a shard is. */
    enum Phase {
        /** No reader has it. */
        WAITING,
        /** A reader has it. */
        GIVEN,
        /** It was read to its end. */
        ENDED
    }

    /**
     * A shard as the service lists it. parents: those that it was split or merged from, listed or not. firstKey, lastKey:
     * the hashes of partition keys that it takes, from 0 to 2^128 - 1.
     */
    static final class Listed {
        final String id;
        final List<String> parents;
        final boolean isClosed;
        final BigInteger firstKey;
        final BigInteger lastKey;

        Listed(String id, List<String> parents, boolean isClosed, BigInteger firstKey, BigInteger lastKey) {
            this.id = id;
            this.parents = parents;
            this.isClosed = isClosed;
            this.firstKey = firstKey;
            this.lastKey = lastKey;
        }
    }

    final long begun; // when the job first started, in milliseconds since 1970: LATEST means this time
    private boolean isListed; // whether the shards were ever listed
    private Set<String> childless; // of the last list, those whose children are not all in it; null: no list yet
    private final Map<String, ShardSplit> splits = new TreeMap<>(); // in the order of their numbers
    private final Map<String, Phase> phases = new HashMap<>();

    ShardLedger(long begun) {
        this.begun = begun;
    }

    boolean isListed() {
        return isListed;
    }

    /**
     * Takes note of all shards that the service lists. Those of the first list are read from {@code start} on, later
     * ones from their beginning.
     */
    void list(Collection<Listed> found, Start start) {
        Map<String, Listed> byId = new TreeMap<>();
        found.forEach(shard -> byId.put(shard.id, shard));
        childless = childless(byId);
        Set<String> fresh = fresh(byId);
        for (String id : fresh) {
            List<String> parents = new ArrayList<>(byId.get(id).parents);
            parents.removeIf(parent -> !splits.containsKey(parent) && !fresh.contains(parent));
            Position position = isListed ? Position.oldest() : start.position(begun);
            put(new ShardSplit(id, position, parents, false), Phase.WAITING);
        }
        isListed = true;
        forget(byId.keySet());
    }

    /** The listed shards that are unknown and to be read. */
    private Set<String> fresh(Map<String, Listed> found) {
        Set<String> done = isListed ? before(splits.keySet(), found) : Set.of();
        Set<String> fresh = new HashSet<>(found.keySet());
        fresh.removeAll(splits.keySet());
        fresh.removeAll(done);
        return fresh;
    }

    /** Of these shards, those that are open, and those that are closed but whose children do not take all their keys. */
    private static Set<String> childless(Map<String, Listed> found) {
        Map<String, List<Listed>> children = new HashMap<>();
        for (Listed shard : found.values()) {
            shard.parents.forEach(parent -> children.computeIfAbsent(parent, none -> new ArrayList<>()).add(shard));
        }
        Set<String> childless = new HashSet<>(found.keySet());
        childless.removeIf(id -> found.get(id).isClosed && isCovered(found.get(id), children.get(id)));
        return childless;
    }

    private static boolean isCovered(Listed parent, List<Listed> children) {
        if (children == null) {
            return false;
        }
        BigInteger next = parent.firstKey;
        children.sort(Comparator.comparing(child -> child.firstKey));
        for (Listed child : children) {
            boolean isNext = child.firstKey.compareTo(next) <= 0;
            next = isNext ? next.max(child.lastKey.add(BigInteger.ONE)) : next;
        }
        return next.compareTo(parent.lastKey) > 0;
    }

    /** All ancestors of these shards. They were read and forgotten, or are older than the start. */
    private static Set<String> before(Collection<String> shards, Map<String, Listed> found) {
        Set<String> all = new HashSet<>();
        List<String> open = new ArrayList<>(shards);
        while (!open.isEmpty()) {
            Listed shard = found.get(open.remove(open.size() - 1));
            if (shard != null) {
                shard.parents.stream().filter(all::add).forEach(open::add);
            }
        }
        return all;
    }

    /** Forgets ended shards that the service has forgotten, once no child waits for them. */
    private void forget(Set<String> found) {
        Set<String> needed = waiting().stream().flatMap(s -> s.parents.stream()).collect(Collectors.toSet());
        Set<String> gone = new HashSet<>(splits.keySet());
        gone.removeIf(id -> found.contains(id) || phases.get(id) != Phase.ENDED || needed.contains(id));
        splits.keySet().removeAll(gone);
        phases.keySet().removeAll(gone);
    }

    /** The shards that no reader has and whose parents were all read to the end, in the order of their numbers. */
    List<ShardSplit> ready() {
        List<ShardSplit> ready = waiting();
        ready.removeIf(split -> !split.parents.stream().allMatch(this::isDone));
        ready.replaceAll(this::heir);
        return ready;
    }

    /** The shard with the lowest event time that its parents ended with, unless it has been further. */
    private ShardSplit heir(ShardSplit split) {
        long inherited =
                split.parents.stream()
                        .filter(parent -> phases.get(parent) == Phase.ENDED)
                        .mapToLong(parent -> splits.get(parent).reached)
                        .filter(reached -> reached != ShardTimes.NONE)
                        .min()
                        .orElse(ShardTimes.NONE);
        return split.reaching(Math.max(split.reached, inherited));
    }

    /**
     * The lowest event time, beyond the watermark, of shards that wait for a parent while another has ended: their rows
     * go on from there. ShardTimes.ALL: there is none.
     */
    long holdsAt(long watermark) {
        return waiting().stream()
                .mapToLong(split -> heir(split).reached)
                .filter(reached -> reached > watermark)
                .min()
                .orElse(ShardTimes.ALL);
    }

    private List<ShardSplit> waiting() {
        List<ShardSplit> waiting = new ArrayList<>(splits.values());
        waiting.removeIf(split -> phases.get(split.id) != Phase.WAITING);
        return waiting;
    }

    private boolean isDone(String shard) {
        return !splits.containsKey(shard) || phases.get(shard) == Phase.ENDED;
    }

    /**
     * The shards that were read to their ends and whose children are not all known.
     *
     * <p>A list may come from before a split or merge, or from the middle of it. Only these prove that it has all
     * children: they take all keys of their closed parent; or the parent is not listed any more, which the service
     * forgets long after its children came. A shard ends by a split or a merge, never without a child; with the stream
     * itself, lists fail.
     */
    List<String> childless() {
        List<String> ended = new ArrayList<>(splits.keySet());
        ended.removeIf(id -> phases.get(id) != Phase.ENDED || childless != null && !childless.contains(id));
        return ended;
    }

    /** A reader has these; one that went back to a checkpoint may read again what had ended. */
    void given(Collection<String> shards) {
        shards.stream().filter(splits::containsKey).forEach(id -> phases.put(id, Phase.GIVEN));
    }

    /** These were read to their ends. reached: the event time that each has come to. */
    void ended(Map<String, Long> reached) {
        reached.forEach(
                (id, eventTime) -> {
                    if (splits.containsKey(id)) {
                        put(splits.get(id).reaching(eventTime), Phase.ENDED);
                    }
                });
    }

    /** These came back from a reader that failed before a checkpoint had them. */
    void returned(Collection<ShardSplit> back) {
        back.forEach(split -> put(split, Phase.WAITING));
    }

    private void put(ShardSplit split, Phase phase) {
        splits.put(split.id, split);
        phases.put(split.id, phase);
    }

    /** How many shards no reader has. */
    int unassigned() {
        return waiting().size();
    }

    Map<ShardSplit, Phase> entries() {
        Map<ShardSplit, Phase> entries = new HashMap<>();
        splits.forEach((id, split) -> entries.put(split, phases.get(id)));
        return entries;
    }

    static ShardLedger restored(long begun, boolean isListed, Map<ShardSplit, Phase> entries) {
        ShardLedger ledger = new ShardLedger(begun);
        ledger.isListed = isListed;
        entries.forEach(ledger::put);
        return ledger;
    }

    /** As it is now, unchanged by what follows: checkpoints are written later, by another thread. */
    ShardLedger copy() {
        return restored(begun, isListed, entries());
    }
}
