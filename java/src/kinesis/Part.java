package kinesis;

import java.time.Instant;
import software.amazon.awssdk.services.kinesis.model.Record;

/** What becomes one row: a record, or a part of one that holds several. Or a mark between rows, which becomes none. */
final class Part {
    final byte[] data; // nobody else has this array
    final String sequenceNumber; // of the whole record
    final String partitionKey; // of the part itself
    final Instant arrival; // of the whole record
    final int number; // within the record, from 0
    final int count; // of the parts of the record
    final long readTo; // of a mark: what had arrived by this time (of {@link Loop#now}) stands before it

    Part(Record record, Aggregate.Inner inner, int number, int count) {
        this(
                inner.data,
                record.sequenceNumber(),
                inner.partitionKey,
                record.approximateArrivalTimestamp(),
                number,
                count,
                0);
    }

    private Part(
            byte[] data,
            String sequenceNumber,
            String partitionKey,
            Instant arrival,
            int number,
            int count,
            long readTo) {
        this.data = data;
        this.sequenceNumber = sequenceNumber;
        this.partitionKey = partitionKey;
        this.arrival = arrival;
        this.number = number;
        this.count = count;
        this.readTo = readTo;
    }

    /** Stands after the records of an answer. */
    static Part mark(long readTo) {
        return new Part(null, null, null, null, 0, 1, readTo);
    }

    boolean isMark() {
        return data == null;
    }

    /** Where reading goes on after this part. */
    Position position() {
        return number == count - 1 ? Position.after(sequenceNumber) : Position.within(sequenceNumber, number + 1);
    }
}
