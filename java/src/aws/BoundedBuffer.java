package aws;

import org.apache.flink.connector.base.sink.writer.DequeRequestBuffer;

/**
 * Entries that wait to be sent, bounded by their number and by their bytes. Flink's writer looks at their number alone: a
 * buffer with too many bytes says that it is full.
 */
final class BoundedBuffer<T extends Entry> extends DequeRequestBuffer<T> {
    private final int mostEntries;
    private final long mostBytes;

    BoundedBuffer(int mostEntries, long mostBytes) {
        this.mostEntries = mostEntries;
        this.mostBytes = mostBytes;
    }

    @Override
    public int size() {
        return totalSizeInBytes() < mostBytes ? super.size() : Math.max(super.size(), mostEntries);
    }
}
