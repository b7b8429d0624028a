package kinesis;

import java.io.Serializable;

/** Where reading begins when there is no checkpoint to go on from. */
final class Start implements Serializable {
    /** The names that the services and the options use. */
    enum Kind {
        LATEST,
        TRIM_HORIZON,
        AT_TIMESTAMP
    }

    private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final long time; // of AT_TIMESTAMP, in milliseconds since 1970

    Start(Kind kind, long time) {
        this.kind = kind;
        this.time = time;
    }

    /**
     * The position in a shard of the first list.
     *
     * <p>LATEST is the time at which the job first started. A shard of which nothing was read yet would otherwise begin
     * at another "latest" after each restart, and lose what came in between.
     */
    Position position(long begun) {
        switch (kind) {
            case LATEST:
                return Position.at(begun);
            case AT_TIMESTAMP:
                return Position.at(time);
            default:
                return Position.oldest();
        }
    }
}
