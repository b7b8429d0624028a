package kinesis;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.awssdk.services.kinesis.model.Record;

/**
 * What came of all shards and waits for the fetcher's thread. Each shard has one answer in it at most, and {@link
 * #isFull} holds back further calls, so that a thousand shards with full answers do not fill the memory.
 */
final class Arrivals {
    private static final long MOST = 64 << 20; // bytes of records that wait

    static final long UNKNOWN = Long.MIN_VALUE; // how far a shard was read

    /** An answer, with records or without, or the end of a shard. */
    static final class Arrival {
        final String shard;
        final List<Record> records;
        final Position from; // where the shard stood before these records
        final boolean isEnd;
        final long readTo; // what had arrived by this time (of {@link Loop#now}) has come; or UNKNOWN
        private final Runnable taken;
        private final long size;

        /** taken: what to do when the fetcher has it. */
        Arrival(String shard, List<Record> records, Position from, boolean isEnd, long readTo, Runnable taken) {
            this.shard = shard;
            this.records = records;
            this.from = from;
            this.isEnd = isEnd;
            this.readTo = readTo;
            this.taken = taken;
            this.size = records.stream().mapToLong(record -> record.data().asByteArrayUnsafe().length).sum();
        }
    }

    private static final Object WAKE = new Object();

    private final BlockingQueue<Object> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong size = new AtomicLong();

    void add(Arrival arrival) {
        size.addAndGet(arrival.size);
        waiting.add(arrival);
    }

    /** Lets {@link #next} throw this. */
    void fail(RuntimeException failure) {
        waiting.add(failure);
    }

    /** Lets {@link #next} return at once. */
    void wake() {
        waiting.add(WAKE);
    }

    boolean isFull() {
        return size.get() > MOST;
    }

    /** What comes next, or null after so many milliseconds or when woken. Throws what failed. */
    Arrival next(long millis) throws InterruptedException {
        Object next = waiting.poll(millis, TimeUnit.MILLISECONDS);
        if (next instanceof RuntimeException) {
            throw (RuntimeException) next;
        }
        if (!(next instanceof Arrival)) {
            return null;
        }
        Arrival arrival = (Arrival) next;
        size.addAndGet(-arrival.size);
        arrival.taken.run();
        return arrival;
    }
}
