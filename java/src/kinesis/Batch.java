package kinesis;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import software.amazon.awssdk.services.kinesis.model.Record;

/**
 * One shard's answer, as Flink's reader takes it. A record is taken apart only when its turn comes: a record of a
 * megabyte can have half a million parts, which need forty times the memory.
 */
final class Batch implements RecordsWithSplitIds<Part> {
    private final Arrivals.Arrival arrival; // null: of no shard
    private final RecordParts parts;
    private final Iterator<Record> records;
    private boolean isBegun;
    private boolean isMarked;
    private Record record;
    private List<Aggregate.Inner> inner = List.of(); // of the record
    private int number; // of the next part in it

    Batch(Arrivals.Arrival arrival, RecordParts parts) {
        this.arrival = arrival;
        this.parts = parts;
        this.records = arrival == null ? Collections.emptyIterator() : arrival.records.iterator();
    }

    static Batch empty() {
        return new Batch(null, null);
    }

    @Override
    public String nextSplit() {
        if (isBegun || arrival == null) {
            return null;
        }
        isBegun = true;
        return arrival.shard;
    }

    @Override
    public Part nextRecordFromSplit() {
        while (number >= inner.size() && records.hasNext()) {
            record = records.next();
            inner = parts.of(record);
            number = arrival.from.emittedOf(record.sequenceNumber());
        }
        if (number < inner.size()) {
            Part part = new Part(record, inner.get(number), number, inner.size());
            number++;
            return part;
        }
        if (isMarked) {
            return null;
        }
        isMarked = true;
        return Part.mark(arrival.readTo);
    }

    @Override
    public Set<String> finishedSplits() {
        return arrival != null && arrival.isEnd ? Set.of(arrival.shard) : Set.of();
    }
}
