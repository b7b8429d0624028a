package kinesis;

import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsRemoval;

/**
 * Reads all shards of a subtask at once: each shard fetches on its own, and what comes is handed on, one answer at a
 * time.
 */
final class ShardFetcher implements SplitReader<Part, ShardSplit> {
    private static final long WAIT = 500; // milliseconds, after which Flink may do something else

    /** A shard that is being read. Its methods are called by the fetcher's thread. */
    interface Feed {
        void pause();

        void resume();

        void stop();
    }

    private final Function<ShardSplit, Feed> begin;
    private final Arrivals arrivals;
    private final RecordParts parts;
    private final AutoCloseable resources;
    private final Map<String, Feed> feeds = new ConcurrentHashMap<>();

    /** begin: begins to read a shard, whose records come by {@code arrivals}. resources: closed at the end. */
    ShardFetcher(Function<ShardSplit, Feed> begin, Arrivals arrivals, RecordParts parts, AutoCloseable resources) {
        this.begin = begin;
        this.arrivals = arrivals;
        this.parts = parts;
        this.resources = resources;
    }

    @Override
    public RecordsWithSplitIds<Part> fetch() {
        try {
            Arrivals.Arrival arrival = arrivals.next(WAIT);
            return arrival == null || !feeds.containsKey(arrival.shard) ? Batch.empty() : batch(arrival);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Batch.empty();
        }
    }

    private Batch batch(Arrivals.Arrival arrival) {
        if (arrival.isEnd) {
            feeds.remove(arrival.shard);
        }
        return new Batch(arrival, parts);
    }

    @Override
    public void handleSplitsChanges(SplitsChange<ShardSplit> change) {
        if (change instanceof SplitsRemoval) {
            change.splits().forEach(
                    split -> Optional.ofNullable(feeds.remove(split.id)).ifPresent(Feed::stop));
        } else {
            change.splits().forEach(split -> feeds.put(split.id, begin.apply(split)));
        }
    }

    @Override
    public void pauseOrResumeSplits(Collection<ShardSplit> toPause, Collection<ShardSplit> toResume) {
        feedsOf(toPause).forEach(Feed::pause);
        feedsOf(toResume).forEach(Feed::resume);
    }

    /** Of those that have not ended. */
    private Stream<Feed> feedsOf(Collection<ShardSplit> splits) {
        return splits.stream().map(split -> feeds.get(split.id)).filter(Objects::nonNull);
    }

    @Override
    public void wakeUp() {
        arrivals.wake();
    }

    @Override
    public void close() throws Exception {
        feeds.values().forEach(Feed::stop);
        resources.close();
    }
}
