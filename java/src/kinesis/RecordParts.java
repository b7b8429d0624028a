package kinesis;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.kinesis.model.Record;
import streaming.Documents;

/**
 * Takes records apart into what become rows: the records of an aggregate ({@link Aggregate}), and of each of them, or
 * of a plain record, the JSON objects in it ({@link Documents}).
 *
 * <p>Programs in Python and the dashboard do the same ({@code aws/parts.py}, {@code dashboard/src/parts.ts}); all are
 * tested against {@code tests/record_parts.json}.
 *
 * <p>Equal bytes give equal parts in the same order, so that a part's number stays the same in every reading.
 */
public final class RecordParts implements Serializable {
    private static final long serialVersionUID = 1L;

    private final boolean splitsDocuments;

    RecordParts(boolean splitsDocuments) {
        this.splitsDocuments = splitsDocuments;
    }

    /** The parts of a record with these bytes, in their order. */
    public static List<byte[]> of(byte[] data, boolean splitsDocuments) {
        List<byte[]> parts = new ArrayList<>();
        new RecordParts(splitsDocuments).apart("", data).forEach(part -> parts.add(part.data));
        return parts;
    }

    /** The parts of a record, in their order. */
    List<Aggregate.Inner> of(Record record) {
        return apart(record.partitionKey(), record.data().asByteArrayUnsafe());
    }

    private List<Aggregate.Inner> apart(String partitionKey, byte[] data) {
        List<Aggregate.Inner> inner = Aggregate.inner(data);
        List<Aggregate.Inner> found = new ArrayList<>(1);
        if (inner == null) {
            addDocuments(partitionKey, data, found);
        } else {
            inner.forEach(one -> addDocuments(one.partitionKey, one.data, found));
        }
        return found;
    }

    private void addDocuments(String partitionKey, byte[] data, List<Aggregate.Inner> found) {
        List<byte[]> documents = splitsDocuments ? Documents.of(data) : List.of(data);
        documents.forEach(document -> found.add(new Aggregate.Inner(partitionKey, document)));
    }
}
