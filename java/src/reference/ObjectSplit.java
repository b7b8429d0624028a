package reference;

import org.apache.flink.api.connector.source.SourceSplit;

/** An object that is to be read, from where it was left off. It never changes. */
final class ObjectSplit implements SourceSplit {
    final String id;
    final Version version; // that was read so far; null: none
    final long read; // bytes of it whose rows were emitted

    ObjectSplit(String id, Version version, long read) {
        this.id = id;
        this.version = version;
        this.read = read;
    }

    @Override
    public String splitId() {
        return id;
    }

    /** Whether all rows of what is there were emitted. */
    boolean isRead() {
        return version != null && read >= version.bytes;
    }

    @Override
    public String toString() {
        return id + " from byte " + read;
    }
}
