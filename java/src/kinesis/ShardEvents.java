package kinesis;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.source.SourceEvent;

/** What the coordinator and the readers tell each other. */
final class ShardEvents {
    private ShardEvents() {}

    /** Shard ids, with what the event's class says of them. */
    abstract static class OfShards implements SourceEvent {
        private static final long serialVersionUID = 1L;

        final List<String> ids;

        OfShards(Collection<String> ids) {
            this.ids = List.copyOf(ids);
        }

        @Override
        public String toString() {
            return getClass().getSimpleName() + ids;
        }
    }

    /** From a reader, when it starts: it has these shards, or none, and its state has this watermark. */
    static final class Held extends OfShards {
        private static final long serialVersionUID = 1L;

        final long watermark; // or ShardTimes.NONE

        Held(Collection<String> ids, long watermark) {
            super(ids);
            this.watermark = watermark;
        }
    }

    /**
     * From a reader that closes: nothing may be sent to it any more. Flink fails a task that an event does not reach, also
     * after a savepoint that stops the job, when the task ends as it should.
     */
    static final class Leaving implements SourceEvent {
        private static final long serialVersionUID = 1L;
    }

    /** From a reader: these shards were read to their ends. It says so again after a restart. */
    static final class Ended extends OfShards {
        private static final long serialVersionUID = 1L;

        final HashMap<String, Long> reached; // by shard: the event time that it has come to, or ShardTimes.NONE

        Ended(Map<String, Long> reached) {
            super(reached.keySet());
            this.reached = new HashMap<>(reached);
        }
    }

    /** From the coordinator: a checkpoint is complete in which its own state says that these ended. */
    static final class Settled extends OfShards {
        private static final long serialVersionUID = 1L;

        Settled(Collection<String> ids) {
            super(ids);
        }
    }

    /** From the coordinator to all readers, every fraction of a second: the watermark. Each sends a Report. */
    static final class Round implements SourceEvent {
        private static final long serialVersionUID = 1L;

        final long number; // from 1
        final long watermark; // in milliseconds, or ShardTimes.NONE
        final boolean isIdle; // whether all shards have been silent for long, so that no other source waits for this one

        Round(long number, long watermark, boolean isIdle) {
            this.number = number;
            this.watermark = watermark;
            this.isIdle = isIdle;
        }
    }

    /** From a reader: how far the event times of its shards have come, by the rows that were emitted so far. */
    static final class Report implements SourceEvent {
        private static final long serialVersionUID = 1L;

        final long round; // that it answers
        final long reached; // the lowest of the shards that speak; NONE: one has none; ALL: none speaks
        final long outlived; // the last round after which each silent shard was silent for long; ALL: none is silent

        Report(long round, long reached, long outlived) {
            this.round = round;
            this.reached = reached;
            this.outlived = outlived;
        }
    }
}
