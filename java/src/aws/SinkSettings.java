package aws;

import java.io.Serializable;

/** Where and how a table is written. Times are in milliseconds. */
public final class SinkSettings implements Serializable {
    private static final long serialVersionUID = 1L;

    final Place place;
    final Http http;
    final int entriesPerRequest;
    final int requestsInFlight;
    final int entriesBuffered;
    final long bytesPerRequest;
    final long flushInterval; // after which a request is sent although it is not full
    final boolean failsOnError; // else whatever is refused for now is sent again

    public SinkSettings(
            Place place,
            Http http,
            int entriesPerRequest,
            int requestsInFlight,
            int entriesBuffered,
            long bytesPerRequest,
            long flushInterval,
            boolean failsOnError) {
        this.place = place;
        this.http = http;
        this.entriesPerRequest = entriesPerRequest;
        this.requestsInFlight = requestsInFlight;
        this.entriesBuffered = entriesBuffered;
        this.bytesPerRequest = bytesPerRequest;
        this.flushInterval = flushInterval;
        this.failsOnError = failsOnError;
    }

    /** The bytes of an entry. Throws AwsFailure for an entry that fits into no request. */
    long requireFitting(Entry entry, String call) {
        long bytes = entry.bytes();
        if (bytes > bytesPerRequest) {
            throw new AwsFailure(
                    "A row has " + bytes + " bytes, too many for " + call + ", which takes " + bytesPerRequest
                            + " at a time ('sink.flush-buffer.size'): write shorter rows.");
        }
        return bytes;
    }
}
