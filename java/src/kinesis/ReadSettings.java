package kinesis;

import aws.Place;
import java.io.Serializable;
import java.time.Duration;

/** How a stream is read. Times are in milliseconds. */
final class ReadSettings implements Serializable {
    private static final long serialVersionUID = 1L;

    final Place place;
    final StreamName stream;
    final Start start;
    final long discoveryInterval;
    final int recordsPerCall;
    final long intervalIfEmpty; // from an answer without records to the next call
    final long intervalIfNot;
    final RecordParts parts;
    final FanOut fanOut; // null: records are polled
    final long idle; // after which a shard that was read to its tip is silent, as far as event time goes
    final Duration arrivalMargin; // of an event time that is arrival time, and goes on by the clock; or null

    ReadSettings(
            Place place,
            StreamName stream,
            Start start,
            long discoveryInterval,
            int recordsPerCall,
            long intervalIfEmpty,
            long intervalIfNot,
            RecordParts parts,
            FanOut fanOut,
            long idle,
            Duration arrivalMargin) {
        this.place = place;
        this.stream = stream;
        this.start = start;
        this.discoveryInterval = discoveryInterval;
        this.recordsPerCall = recordsPerCall;
        this.intervalIfEmpty = intervalIfEmpty;
        this.intervalIfNot = intervalIfNot;
        this.parts = parts;
        this.fanOut = fanOut;
        this.idle = idle;
        this.arrivalMargin = arrivalMargin;
    }
}
