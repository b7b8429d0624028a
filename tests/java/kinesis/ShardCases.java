package kinesis;

import static aws.Cases.equal;

import aws.Place;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.Record;

/** Rules of the coordinator and of a reader. */
public final class ShardCases {
    private static final Start OLDEST = new Start(Start.Kind.TRIM_HORIZON, 0);
    private static final Start LATEST = new Start(Start.Kind.LATEST, 0);
    private static final long BEGUN = 1_000_000;
    private static final long IDLE = 10_000;

    private ShardCases() {}

    /** A coordinator with its stream and all of its readers. */
    private static final class World {
        final FakeFlink flink;
        final FakeStream stream;
        ShardCoordinator coordinator;

        World(int parallelism, FakeStream stream, Start start, ShardLedger ledger) {
            this.flink = new FakeFlink(parallelism);
            this.stream = stream;
            ShardList list = new ShardList(stream, StreamName.named("stream"), null);
            coordinator = new ShardCoordinator(flink, list, start, 0, ledger, new EventTime(), null);
            coordinator.start();
            for (int subtask = 0; subtask < parallelism; subtask++) {
                register(subtask);
            }
            flink.discover();
        }

        World(int parallelism, FakeStream stream) {
            this(parallelism, stream, OLDEST, new ShardLedger(BEGUN));
        }

        void register(int subtask, String... held) {
            flink.register(subtask);
            coordinator.addReader(subtask);
            coordinator.handleSourceEvent(subtask, new ShardEvents.Held(List.of(held), ShardTimes.NONE));
        }

        /** The next round, as all readers hear it. */
        ShardEvents.Round round() {
            coordinator.round();
            return (ShardEvents.Round) flink.told.get(0).remove(0);
        }

        void report(int subtask, ShardEvents.Round round, long reached) {
            coordinator.handleSourceEvent(subtask, new ShardEvents.Report(round.number, reached, ShardTimes.ALL));
        }

        void ended(int subtask, String... ids) {
            coordinator.handleSourceEvent(subtask, new ShardEvents.Ended(reaching(ShardTimes.NONE, ids)));
            flink.goOn();
        }
    }

    public static void eachToTheReaderWithTheFewest() {
        FakeStream stream = new FakeStream().with("s-0", 0).with("s-1", 0).with("s-2", 0);
        World world = new World(2, stream);
        equal(world.flink.taken(0), List.of("s-0", "s-2"));
        equal(world.flink.taken(1), List.of("s-1"));
        stream.with("s-3", 0);
        world.flink.discover();
        equal(world.flink.taken(1), List.of("s-3"));
    }

    public static void childrenAfterBothParents() {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0).close("s-1");
        World world = new World(1, stream.with("s-2", 0, "s-0", "s-1"));
        equal(world.flink.taken(0), List.of("s-0", "s-1"));
        world.ended(0, "s-1");
        equal(world.flink.taken(0), List.of());
        world.ended(0, "s-0");
        equal(world.flink.taken(0), List.of("s-2"));
    }

    /** The coordinator's part of a checkpoint is taken, then a shard ends, then the reader's part is taken. */
    public static void aShardThatEndsWithinACheckpoint() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 1).close("s-0").with("s-1", 0, "s-0");
        World world = new World(1, stream);
        FakeFlink.Task task = new FakeFlink.Task();
        ShardReader reader = reader(task, world.flink.given.get(0));
        ShardLedger ledger = copied(world.coordinator.snapshotState(1), new ShardLedgerSerializer());
        reader.onSplitFinished(Map.of("s-0", reader.initializedState(world.flink.given.get(0).get(0))));
        equal(task.sent(), "[Held[s-0], Ended[s-0]]");
        List<ShardSplit> splits = new ArrayList<>();
        for (ShardSplit split : reader.snapshotState(1)) {
            splits.add(copied(split, new ShardSplitSerializer()));
        }

        World after = new World(1, stream, OLDEST, ledger);
        equal(after.flink.taken(0), List.of());
        FakeFlink.Task restored = new FakeFlink.Task();
        reader(restored, splits);
        restored.sent.forEach(event -> after.coordinator.handleSourceEvent(0, event));
        after.flink.goOn();
        equal(after.flink.taken(0), List.of("s-1"));
    }

    private static ShardReader reader(FakeFlink.Task task, List<ShardSplit> splits) {
        ShardReader reader =
                new ShardReader(
                        () -> new ShardFetcher(split -> new Silent(), new Arrivals(), new RecordParts(true), () -> {}),
                        (part, output, shard) -> {},
                        WatermarkStrategy.noWatermarks(),
                        IDLE,
                        null,
                        new ServiceClock(),
                        new ShardMetrics(task.metricGroup(), "us-east-1", "s", 0, Loop::now),
                        task);
        reader.addSplits(splits);
        reader.start();
        return reader;
    }

    private static final class Silent implements ShardFetcher.Feed {
        @Override
        public void pause() {}

        @Override
        public void resume() {}

        @Override
        public void stop() {}
    }

    private static <T> T copied(T value, SimpleVersionedSerializer<T> serializer) throws Exception {
        return serializer.deserialize(serializer.getVersion(), serializer.serialize(value));
    }

    public static void endedShardsStayUntilSettled() {
        World world = new World(1, new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0, "s-0"));
        FakeFlink.Task task = new FakeFlink.Task();
        ShardReader reader = reader(task, List.of(world.flink.given.get(0).get(0).ended()));
        equal(task.sent(), "[Held[], Ended[s-0]]");
        world.coordinator.snapshotState(1);
        world.ended(0, "s-0");
        world.coordinator.notifyCheckpointComplete(1); // which does not have it
        equal(world.flink.heard(0), "[]");
        world.coordinator.snapshotState(2);
        equal(reader.snapshotState(2).toString(), "[s-0, ended]");
        world.coordinator.notifyCheckpointComplete(2);
        world.flink.told.get(0).forEach(reader::handleSourceEvents);
        equal(world.flink.heard(0), "[Settled[s-0]]");
        equal(reader.snapshotState(3).toString(), "[]");
    }

    public static void aShardThatIsReadAgainIsNotSettled() {
        World world = new World(1, new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0, "s-0"));
        world.ended(0, "s-0");
        world.register(0, "s-0"); // failed, and went back to a checkpoint
        world.coordinator.snapshotState(1);
        world.coordinator.notifyCheckpointComplete(1);
        equal(world.flink.heard(0), "[]");
    }

    public static void shardsComeBackFromAFailedReader() {
        World world = new World(2, new FakeStream().with("s-0", 0).with("s-1", 0));
        List<ShardSplit> lost = world.flink.given.get(1);
        equal(world.flink.taken(0), List.of("s-0"));
        equal(world.flink.taken(1), List.of("s-1"));
        world.flink.registeredReaders().remove(1);
        world.coordinator.addSplitsBack(lost, 1);
        equal(world.flink.taken(0), List.of());
        world.register(1);
        equal(world.flink.taken(1), List.of("s-1"));
    }

    /** Its parent may have taken records between the start and the split, before the first list. */
    public static void latestReadsAParentThatWasSplitMeanwhile() {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0, "s-0");
        World world = new World(1, stream, LATEST, new ShardLedger(BEGUN));
        equal(world.flink.given.get(0).toString(), "[s-0 from the time 1970-01-01T00:16:40Z]");
        world.flink.given.clear();
        world.ended(0, "s-0");
        equal(world.flink.given.get(0).toString(), "[s-1 from the time 1970-01-01T00:16:40Z]");
        stream.close("s-1").with("s-2", 0, "s-1");
        world.flink.given.clear();
        world.ended(0, "s-1");
        equal(world.flink.given.get(0).toString(), "[s-2 from the oldest record]");
    }

    public static void latestStaysTheFirstStart() throws Exception {
        ShardLedger unlisted = copied(new ShardLedger(BEGUN), new ShardLedgerSerializer());
        World world = new World(1, new FakeStream().with("s-0", 0), LATEST, unlisted);
        equal(world.flink.given.get(0).toString(), "[s-0 from the time 1970-01-01T00:16:40Z]");
    }

    public static void oldShardsAreForgottenAndNotReadAgain() {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0, "s-0");
        World world = new World(1, stream);
        world.ended(0, "s-0");
        equal(world.flink.taken(0), List.of("s-0", "s-1"));
        stream.forget("s-0");
        world.flink.discover();
        equal(world.coordinator.snapshotState(1).entries().size(), 1);
        stream.with("s-0", 0).close("s-0"); // as if a list had been incomplete
        world.flink.discover();
        equal(world.flink.taken(0), List.of());
    }

    /** From when the reader has told the end until the reader of the child has reported of it. */
    public static void theWatermarkWaitsForTheChildren() {
        FakeStream stream = new FakeStream().with("s-0", 0).with("s-1", 0);
        World world = new World(2, stream);
        ShardEvents.Round first = world.round();
        world.report(0, first, 100);
        world.report(1, first, 500);
        ShardEvents.Round before = world.round();
        equal(before.watermark, 100L);
        stream.close("s-0");
        world.coordinator.handleSourceEvent(0, new ShardEvents.Ended(reaching(100, "s-0")));
        world.report(0, before, ShardTimes.ALL); // it has no shard
        equal(world.round().watermark, 100L);
        stream.with("s-2", 0, "s-0");
        world.flink.goOn();
        equal(world.flink.given.get(0).toString().contains("s-2"), true);
        world.report(0, before, ShardTimes.ALL); // from before it was given the child
        ShardEvents.Round after = world.round();
        equal(after.watermark, 100L);
        world.report(0, after, 200);
        equal(world.round().watermark, 200L);
    }

    /** Looked for again and again; the watermark stands still meanwhile. */
    public static void childrenThatAreListedLate() {
        FakeStream stream = new FakeStream().with("s-0", 0).with("s-1", 0);
        World world = new World(1, stream);
        world.report(0, world.round(), 100);
        equal(world.round().watermark, 100L);
        world.coordinator.handleSourceEvent(0, new ShardEvents.Ended(reaching(100, "s-0")));
        for (int list = 0; list < 3; list++) {
            world.report(0, world.round(), 5_000); // of the other shard
            equal(world.round().watermark, 100L);
            world.flink.goOn();
            stream.close("s-0"); // the first list is from before the split
        }
        world.flink.taken(0);
        stream.with("s-2", 0, "s-0");
        world.flink.goOn();
        ShardSplit child = world.flink.given.get(0).get(0);
        equal(child.id + " " + child.reached, "s-2 100");
        int lists = stream.lists;
        world.flink.goOn();
        equal(stream.lists, lists);
        world.report(0, world.round(), 200);
        equal(world.round().watermark, 200L);
    }

    public static void childrenThatAreListedOneAfterTheOther() {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0, "s-0").keys("s-1", 50, 99);
        World world = new World(1, stream);
        world.ended(0, "s-0");
        equal(world.flink.taken(0), List.of("s-0", "s-1"));
        world.report(0, world.round(), 100);
        equal(world.round().watermark, ShardTimes.NONE);
        stream.with("s-2", 0, "s-0").keys("s-2", 0, 49);
        world.flink.goOn();
        equal(world.flink.taken(0), List.of("s-2"));
        world.report(0, world.round(), 100);
        equal(world.round().watermark, 100L);
    }

    public static void childrenAreLookedForAfterARestart() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0);
        World before = new World(1, stream);
        before.ended(0, "s-0");
        ShardLedger ledger = copied(before.coordinator.snapshotState(1), new ShardLedgerSerializer());
        equal(ledger.childless(), List.of("s-0")); // also before the first list
        World world = new World(1, stream, OLDEST, ledger);
        world.report(0, world.round(), 100);
        equal(world.round().watermark, ShardTimes.NONE);
        stream.with("s-2", 0, "s-0");
        world.flink.goOn();
        equal(world.flink.taken(0).contains("s-2"), true);
        world.report(0, world.round(), 100);
        equal(world.round().watermark, 100L);
    }

    /** Also where the service lists a grandchild only, as records of its parent have expired. */
    public static void aShardThatTheServiceForgotHasNoChildrenToCome() {
        FakeStream stream = new FakeStream().with("s-0", 0).with("s-1", 0);
        World world = new World(1, stream);
        stream.forget("s-0").with("s-3", 0, "s-2");
        world.ended(0, "s-0");
        equal(world.flink.taken(0), List.of("s-0", "s-1", "s-3"));
        world.report(0, world.round(), 100);
        equal(world.round().watermark, 100L);
    }

    public static void aClosedShardOfTheFirstListIsReadIfItsChildrenAreMissing() {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0");
        World world = new World(1, stream, LATEST, new ShardLedger(BEGUN));
        equal(world.flink.given.get(0).toString(), "[s-0 from the time 1970-01-01T00:16:40Z]");
    }

    /** The reader's state has the watermark, which would be lost with its last shard. */
    public static void anEndedShardIsNotSettledBeforeItsChildrenAreFound() {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0");
        World world = new World(1, stream);
        world.ended(0, "s-0");
        world.coordinator.snapshotState(1);
        world.coordinator.notifyCheckpointComplete(1);
        equal(world.flink.heard(0), "[]");
        stream.with("s-1", 0, "s-0");
        world.flink.goOn();
        world.coordinator.snapshotState(2);
        world.coordinator.notifyCheckpointComplete(2);
        equal(world.flink.heard(0), "[Settled[s-0]]");
    }

    public static void rowsAfterTheWatermarkOfTheState() throws Exception {
        FakeFlink.Task task = new FakeFlink.Task();
        ShardReader reader = reader(task, List.of(new ShardSplit("s-0", Position.oldest(), List.of(), false, 7, 9)));
        Said output = new Said();
        reader.pollNext(output);
        equal(output.said.toString(), "[7]");
        equal(((ShardEvents.Held) task.sent.get(0)).watermark, 7L);
        reader.handleSourceEvents(new ShardEvents.Round(1, 8, false));
        equal(reader.isAvailable().isDone(), false);
        reader.handleSourceEvents(new ShardEvents.Round(2, 8, false));
        equal(reader.isAvailable().isDone(), true);
        reader.pollNext(output);
        equal(output.said.toString(), "[7, 8]");
        equal(reader.snapshotState(1).get(0).watermark, 8L);
    }

    /** Of another parallelism, or one whose shards had ended: it may be given a shard that was left out as silent. */
    public static void aReaderWithoutAStateWaitsForTheWatermarkToo() throws Exception {
        FakeFlink.Task task = new FakeFlink.Task();
        ShardReader reader = reader(task, List.of());
        equal(reader.isAvailable().isDone(), false);
        Said output = new Said();
        reader.handleSourceEvents(new ShardEvents.Round(1, 8, false));
        reader.pollNext(output);
        equal(output.said.toString() + reader.isAvailable().isDone(), "[8]false");
        reader.handleSourceEvents(new ShardEvents.Round(2, 8, false));
        equal(reader.isAvailable().isDone(), true);
    }

    public static void rowsAfterTheFirstRoundWhereThereWasNoWatermark() {
        ShardReader reader = reader(new FakeFlink.Task(), List.of());
        CompletableFuture<Void> begun = reader.isAvailable();
        equal(begun.isDone(), false);
        reader.handleSourceEvents(new ShardEvents.Round(1, ShardTimes.NONE, false));
        equal(begun.isDone(), true);
    }

    /** Flink fails a task that an event does not reach, also one that ends as it should. */
    public static void nothingIsSentToAReaderThatLeaves() throws Exception {
        World world = new World(2, new FakeStream().with("s-0", 0));
        equal(world.round() != null, true);
        world.coordinator.handleSourceEvent(1, new ShardEvents.Leaving());
        int before = world.flink.told.get(0).size();
        world.coordinator.round();
        equal(world.flink.told.get(0).size(), before);
        FakeFlink.Task task = new FakeFlink.Task();
        ShardReader reader = reader(task, List.of());
        reader.close();
        equal(task.sent.get(task.sent.size() - 1) instanceof ShardEvents.Leaving, true);
    }

    public static void anIdleSourceIsMarkedAsSuch() throws Exception {
        ShardReader reader = reader(new FakeFlink.Task(), List.of());
        Said output = new Said();
        reader.handleSourceEvents(new ShardEvents.Round(1, 8, true));
        reader.pollNext(output);
        reader.pollNext(output);
        reader.handleSourceEvents(new ShardEvents.Round(2, 9, false));
        reader.pollNext(output);
        equal(output.said.toString(), "[8, idle, 9, active]");
    }

    private static final class Said implements ReaderOutput<RowData> {
        final List<String> said = new ArrayList<>();

        @Override
        public void markIdle() {
            said.add("idle");
        }

        @Override
        public void markActive() {
            said.add("active");
        }

        @Override
        public void emitWatermark(Watermark watermark) {
            said.add(String.valueOf(watermark.getTimestamp()));
        }

        @Override
        public void collect(RowData row) {}

        @Override
        public void collect(RowData row, long time) {}

        @Override
        public SourceOutput<RowData> createOutputForSplit(String id) {
            return this;
        }

        @Override
        public void releaseOutputForSplit(String id) {}
    }

    private static Map<String, Long> reaching(long eventTime, String... ids) {
        Map<String, Long> reached = new TreeMap<>();
        List.of(ids).forEach(id -> reached.put(id, eventTime));
        return reached;
    }

    /** The children of two shards go on from where the slower ended, also while the other is still read. */
    public static void aMergeGoesOnFromTheSlowerParent() {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0).close("s-1");
        World world = new World(1, stream.with("s-2", 0, "s-0", "s-1"));
        world.report(0, world.round(), 50);
        world.coordinator.handleSourceEvent(0, new ShardEvents.Ended(reaching(100, "s-0")));
        world.report(0, world.round(), 500); // of s-1, the other parent
        equal(world.round().watermark, 100L);
        world.coordinator.handleSourceEvent(0, new ShardEvents.Ended(reaching(600, "s-1")));
        ShardSplit child = world.flink.given.get(0).stream().filter(split -> split.id.equals("s-2")).findFirst().get();
        equal(child.reached, 100L);
    }

    public static void theLedgerInACheckpoint() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 0).close("s-0").with("s-1", 0).with("s-2", 0, "s-0");
        World world = new World(1, stream);
        world.ended(0, "s-0");
        ShardLedger ledger = world.coordinator.snapshotState(1);
        ShardLedger copy = copied(ledger, new ShardLedgerSerializer());
        equal(new TreeMap<>(texts(copy)), new TreeMap<>(texts(ledger)));
        equal(copy.begun, BEGUN);
        equal(copy.isListed(), true);
        world.ended(0, "s-1"); // which changes nothing of what was taken
        equal(texts(ledger).get("s-1 from the oldest record"), "GIVEN");
    }

    private static Map<String, String> texts(ShardLedger ledger) {
        Map<String, String> texts = new TreeMap<>();
        ledger.entries().forEach((split, phase) -> texts.put(split.toString(), phase.name()));
        return texts;
    }

    public static void positionsInACheckpoint() throws Exception {
        for (Position position :
                List.of(Position.oldest(), Position.at(-5), Position.after("49"), Position.within("49", 7))) {
            ShardSplit split = new ShardSplit("s-1", position, List.of("s-0", "s-9"), true, 7, 9);
            ShardSplit copy = copied(split, new ShardSplitSerializer());
            equal(copy.position, position);
            equal(copy.toString() + copy.parents + copy.watermark + copy.reached, "s-1, ended[s-0, s-9]79");
        }
    }

    public static void partsThatWereEmittedAreLeftOut() throws Exception {
        List<Record> records = List.of(record("7", "{}{}{}"), record("8", "{}{}"));
        Arrivals arrivals = new Arrivals();
        ShardFetcher fetcher =
                new ShardFetcher(split -> new Silent(), arrivals, new RecordParts(true), () -> {});
        ShardSplit shard = new ShardSplit("s-0", Position.within("7", 1), List.of(), false);
        fetcher.handleSplitsChanges(new SplitsAddition<>(List.of(shard)));
        arrivals.add(new Arrivals.Arrival("s-0", records, shard.position, false, 0, () -> {}));
        RecordsWithSplitIds<Part> batch = fetcher.fetch();
        batch.nextSplit();
        ShardState state = new ShardState(shard, new ShardTimes(IDLE).add("s-0", ShardTimes.NONE, 0), null, null);
        List<String> positions = new ArrayList<>();
        for (Part part = batch.nextRecordFromSplit(); !part.isMark(); part = batch.nextRecordFromSplit()) {
            state.emitted(part);
            positions.add(part.number + ": " + state.split().position);
        }
        equal(
                positions.toString(),
                "[1: after 2 parts of record 7, 2: after record 7, 0: after 1 parts of record 8, 1: after record 8]");
    }

    private static Record record(String sequenceNumber, String text) {
        return Record.builder()
                .sequenceNumber(sequenceNumber)
                .partitionKey("key")
                .data(SdkBytes.fromUtf8String(text))
                .build();
    }

    /** Eleven calls take two seconds at least. A thread may be late with the first of them, hence the allowance. */
    public static void fiveCallsASecond() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 100);
        Fetched polled = Fetched.polled(stream, new ServiceClock());
        long limit = System.nanoTime() + 60_000_000_000L;
        while (stream.called() < 11 && System.nanoTime() < limit) {
            polled.fetcher.fetch();
        }
        synchronized (stream.calls) {
            equal(stream.calls.get(10) - stream.calls.get(0) >= 1800, true);
        }
    }

    public static void noCallBeforeTheLastAnswerWasTaken() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 100);
        Fetched.polled(stream, new ServiceClock());
        Thread.sleep(1500);
        equal(stream.calls.size(), 1);
    }

    /** It goes on after the last record that came, with the first of its parts that was not emitted. */
    public static void aSubscriptionThatBreaksAndTheEnd() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 5).close("s-0");
        stream.broken = 2;
        CompletableFuture<String> consumer = new CompletableFuture<>();
        Fetched fetched = new Fetched((settings, loop, arrivals, metrics, split) ->
                new FanOutShard(stream, consumer, settings, loop, arrivals, new ServiceClock(), metrics, split));
        equal(stream.starts.size(), 0);
        consumer.complete("arn");
        List<String> found = new ArrayList<>();
        while (fetched.goesOn(found)) {
            equal(found.size() < 100, true);
        }
        equal(found.toString(), "[1, ., 2, ., 3, ., 4, ., 5, ., .]");
        equal(stream.starts.toString(), "[TRIM_HORIZON null, AFTER_SEQUENCE_NUMBER 2]");
    }

    /** Before the next subscription begins, while it is under way, and the end of the shard too. */
    public static void anEventOfASubscriptionThatIsOverCountsNoMore() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 5).close("s-0");
        stream.broken = 2;
        CompletableFuture<String> consumer = CompletableFuture.completedFuture("arn");
        Fetched fetched = new Fetched((settings, loop, arrivals, metrics, split) ->
                new FanOutShard(stream, consumer, settings, loop, arrivals, new ServiceClock(), metrics, split));
        List<String> found = new ArrayList<>();
        while (found.size() < 4) {
            fetched.goesOn(found);
        }
        Thread.sleep(100); // until it is over; the next begins after a second
        equal(stream.starts.size(), 1);
        stream.subscribers.get(0).onNext(FakeStream.event(List.of(FakeStream.record(3)), 3));
        while (found.size() < 6) {
            fetched.goesOn(found);
        }
        equal(stream.starts.size(), 2);
        stream.subscribers.get(0).onNext(FakeStream.event(List.of(FakeStream.record(4)), 4));
        stream.subscribers.get(0).onNext(FakeStream.event(List.of(), null));
        while (fetched.goesOn(found)) {
            equal(found.size() < 100, true);
        }
        equal(found.toString(), "[1, ., 2, ., 3, ., 4, ., 5, ., .]");
        equal(stream.starts.toString(), "[TRIM_HORIZON null, AFTER_SEQUENCE_NUMBER 2]");
    }

    /** Whatever this machine's clock says, what had arrived by the service's was read. */
    public static void anArrivalTimeGoesOnByTheClockOfTheService() throws Exception {
        FakeStream stream = new FakeStream().with("s-0", 0);
        stream.date = "Thu, 01 Jan 1970 01:00:00 GMT";
        ServiceClock clock = new ServiceClock();
        RowTime rows = new RowTime(WatermarkStrategy.noWatermarks(), Duration.ofMillis(500), new FakeFlink.Task());
        ShardSplit shard = new ShardSplit("s-0", Position.oldest(), List.of(), false);
        ShardState state =
                new ShardState(shard, new ShardTimes(IDLE).add("s-0", ShardTimes.NONE, 0), rows, clock);
        RecordsWithSplitIds<Part> batch = Fetched.polled(stream, clock).fetcher.fetch();
        batch.nextSplit();
        state.read(batch.nextRecordFromSplit().readTo);
        long behind = 3_600_000 - 500 - state.split().reached;
        equal(behind >= 0 && behind < 1000, true); // by what the answer took
    }

    private interface Begin {
        ShardFetcher.Feed begin(
                ReadSettings settings, Loop loop, Arrivals arrivals, ShardMetrics metrics, ShardSplit split);
    }

    /** The shard s-0 as it is read. */
    private static final class Fetched {
        final ShardFetcher fetcher;

        Fetched(Begin begin) {
            ReadSettings settings =
                    new ReadSettings(
                            new Place("us-east-1", null, Map.of()),
                            StreamName.named("stream"),
                            OLDEST,
                            1000,
                            10_000,
                            250,
                            0,
                            new RecordParts(true),
                            null,
                            IDLE,
                            null);
            Arrivals arrivals = new Arrivals();
            Loop loop = new Loop("loop", arrivals);
            ShardMetrics metrics = new ShardMetrics(new FakeFlink.Task().metricGroup(), "us-east-1", "s", 0, Loop::now);
            fetcher =
                    new ShardFetcher(
                            split -> begin.begin(settings, loop, arrivals, metrics, split),
                            arrivals,
                            settings.parts,
                            loop);
            fetcher.handleSplitsChanges(
                    new SplitsAddition<>(List.of(new ShardSplit("s-0", Position.oldest(), List.of(), false))));
        }

        /** Adds what comes next: sequence numbers, and a dot after each answer. False: the shard is over. */
        boolean goesOn(List<String> found) {
            RecordsWithSplitIds<Part> batch = fetcher.fetch();
            while (batch.nextSplit() != null) {
                for (Part part = batch.nextRecordFromSplit(); part != null; part = batch.nextRecordFromSplit()) {
                    found.add(part.isMark() ? "." : part.sequenceNumber);
                }
            }
            return batch.finishedSplits().isEmpty();
        }

        static Fetched polled(FakeStream stream, ServiceClock clock) {
            return new Fetched((settings, loop, arrivals, metrics, split) ->
                    new PolledShard(stream, settings, loop, arrivals, clock, metrics, split));
        }
    }
}
