package kinesis;

import java.util.Collection;
import java.util.List;
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

    /** From a reader, when it starts: it has these shards, or none. */
    static final class Held extends OfShards {
        private static final long serialVersionUID = 1L;

        Held(Collection<String> ids) {
            super(ids);
        }
    }

    /** From a reader: these shards were read to their ends. It says so again after a restart. */
    static final class Ended extends OfShards {
        private static final long serialVersionUID = 1L;

        Ended(Collection<String> ids) {
            super(ids);
        }
    }

    /** From the coordinator: a checkpoint is complete in which its own state says that these ended. */
    static final class Settled extends OfShards {
        private static final long serialVersionUID = 1L;

        Settled(Collection<String> ids) {
            super(ids);
        }
    }

    /** From the coordinator: there is no shard for this reader now. */
    static final class NoShard implements SourceEvent {
        private static final long serialVersionUID = 1L;
    }
}
