package preprocessing;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/** A record of a stream on its way through the function, and what will become of it. */
final class Received {
    final byte[] data;
    final String shard;
    final String sequenceNumber;
    final String partitionKey;
    final Instant arrival;
    final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    boolean hasFailed; // alone, once; at most one call has the record at a time

    Received(byte[] data, String shard, String sequenceNumber, String partitionKey, Instant arrival) {
        this.data = data;
        this.shard = shard;
        this.sequenceNumber = sequenceNumber;
        this.partitionKey = partitionKey;
        this.arrival = arrival;
    }

    /** About the bytes that it takes in an event: base64, and its metadata. */
    long size() {
        return data.length * 4L / 3 + 400;
    }
}
