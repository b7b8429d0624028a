package reference;

import org.apache.flink.api.connector.source.SourceSplit;

/** An object that is to be read, from where it was left off. It never changes. */
final class ObjectSplit implements SourceSplit {
    final String id;
    final Version version; // that was read so far; null: none, or one that is no longer there
    final long since; // when it began to count, in milliseconds since 1970; of the first version, its blocks so far
    final long read; // bytes of it whose rows were emitted
    final int blocks; // of a later version, that had no turn yet
    final int wholes; // how many versions were emitted to their end
    final boolean isWhole; // whether this one was
    final long asked; // until when no other version is known to count, in milliseconds since 1970
    final String told; // why it cannot be read, as was told; empty: it can

    private ObjectSplit(
            String id, Version version, long since, long read, int blocks, int wholes, boolean isWhole, long asked, String told) {
        this.id = id;
        this.version = version;
        this.since = since;
        this.read = read;
        this.blocks = blocks;
        this.wholes = wholes;
        this.isWhole = isWhole;
        this.asked = asked;
        this.told = told;
    }

    /** An object of which nothing was read. */
    static ObjectSplit of(String id) {
        return new ObjectSplit(id, null, 0, 0, 0, 0, false, 0, "");
    }

    /** As it was written into a checkpoint. */
    static ObjectSplit restored(
            String id, Version version, long since, long read, int blocks, int wholes, boolean isWhole, long asked, String told) {
        return new ObjectSplit(id, version, since, read, blocks, wholes, isWhole, asked, told);
    }

    /**
     * A version begins. answered: when the service showed it. The first counts from the beginning of time, and that also
     * if it is begun anew.
     */
    ObjectSplit begun(Version begun, long answered) {
        long from = wholes == 0 ? nextOfFirst() : Math.max(answered, asked);
        return new ObjectSplit(id, begun, from, 0, 0, wholes, false, asked, "");
    }

    /** So many bytes are read. */
    ObjectSplit readTo(long end) {
        return new ObjectSplit(id, version, since, end, blocks, wholes, isWhole, asked, told);
    }

    /**
     * A block is read, up to this byte. Those of the first version are a millisecond apart, in 1970: so the join takes
     * them over one by one, with the watermark, and not all at its end.
     */
    ObjectSplit readBlock(long end) {
        long time = wholes == 0 ? nextOfFirst() : since;
        return new ObjectSplit(id, version, time, end, blocks + 1, wholes, isWhole, asked, told);
    }

    private long nextOfFirst() {
        return read == 0 ? since : since + 1;
    }

    /** Whether the function has yet to take over a block. */
    boolean hasTurn() {
        return wholes > 0 && blocks > 0;
    }

    /** A block had its turn. */
    ObjectSplit turned() {
        return new ObjectSplit(id, version, since, read, blocks - 1, wholes, isWhole, asked, told);
    }

    /** All of the version is read. */
    ObjectSplit whole() {
        return new ObjectSplit(id, version, since, read, 0, wholes + 1, true, asked, told);
    }

    /** The service had no other version at this time. */
    ObjectSplit askedAt(long answered) {
        return new ObjectSplit(id, version, since, read, 0, wholes, isWhole, Math.max(answered, asked), "");
    }

    /** It cannot be read: what was read of a version that is not whole counts for nothing. */
    ObjectSplit failed(String why, long answered) {
        return new ObjectSplit(
                id, isWhole ? version : null, since, read, 0, wholes, true, Math.max(answered, asked), why);
    }

    /** It will never be read to its end: it is not asked for again. */
    ObjectSplit refused() {
        return new ObjectSplit(id, version, since, read, 0, wholes, true, asked, told);
    }

    /** When the version was written, in milliseconds since 1970; 0 if there is none. */
    long modified() {
        return version == null ? 0 : version.modified;
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
