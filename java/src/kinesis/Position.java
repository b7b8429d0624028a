package kinesis;

import java.io.Serializable;
import java.time.Instant;
import java.util.Objects;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/**
 * How far a shard was read: what was emitted as rows, and so where reading goes on. It never changes.
 *
 * <p>A record may become several rows ({@link RecordParts}), so that a position can be within a record, after some of
 * its parts.
 */
final class Position implements Serializable {
    /** What the position is told by. */
    enum Kind {
        /** Nothing was emitted, and reading begins with the oldest record that the shard still has. */
        OLDEST,
        /** Nothing was emitted, and reading begins with the first record that arrived at a time or later. */
        TIME,
        /** All records up to this one were emitted, this one included. */
        AFTER,
        /** All records before this one were emitted, and some parts of this one. */
        WITHIN
    }

    private static final long serialVersionUID = 1L;

    final Kind kind;
    final long time; // of TIME, in milliseconds since 1970
    final String sequenceNumber; // of AFTER and WITHIN, else null
    final int parts; // of WITHIN: how many were emitted

    private Position(Kind kind, long time, String sequenceNumber, int parts) {
        this.kind = kind;
        this.time = time;
        this.sequenceNumber = sequenceNumber;
        this.parts = parts;
    }

    static Position oldest() {
        return new Position(Kind.OLDEST, 0, null, 0);
    }

    static Position at(long time) {
        return new Position(Kind.TIME, time, null, 0);
    }

    static Position after(String sequenceNumber) {
        return new Position(Kind.AFTER, 0, sequenceNumber, 0);
    }

    static Position within(String sequenceNumber, int parts) {
        return new Position(Kind.WITHIN, 0, sequenceNumber, parts);
    }

    /** Where the service begins to read: a record of which parts are left comes again. */
    ShardIteratorType iteratorType() {
        switch (kind) {
            case OLDEST:
                return ShardIteratorType.TRIM_HORIZON;
            case TIME:
                return ShardIteratorType.AT_TIMESTAMP;
            case AFTER:
                return ShardIteratorType.AFTER_SEQUENCE_NUMBER;
            default:
                return ShardIteratorType.AT_SEQUENCE_NUMBER;
        }
    }

    /** The time of TIME, else null. */
    Instant timeOrNull() {
        return kind == Kind.TIME ? Instant.ofEpochMilli(time) : null;
    }

    /** How many parts of this record were emitted already. */
    int emittedOf(String record) {
        return kind == Kind.WITHIN && sequenceNumber.equals(record) ? parts : 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Position && toString().equals(other.toString());
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, time, sequenceNumber, parts);
    }

    @Override
    public String toString() {
        switch (kind) {
            case OLDEST:
                return "the oldest record";
            case TIME:
                return "the time " + Instant.ofEpochMilli(time);
            case AFTER:
                return "after record " + sequenceNumber;
            default:
                return "after " + parts + " parts of record " + sequenceNumber;
        }
    }
}
