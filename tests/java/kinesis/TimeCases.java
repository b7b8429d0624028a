package kinesis;

import static aws.Cases.equal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** Rules of the source's event time on a clock of the cases' own, in seconds. */
public final class TimeCases {
    private static final int IDLE = 10;
    private static final int HOUR = 3600;
    private static final int MOST = 12; // from a row to the watermark, beside a silent shard: IDLE, and some rounds

    private TimeCases() {}

    private static void between(long found, long least, long most) {
        if (found < least || found > most) {
            throw new AssertionError("found " + found + ", wanted " + least + " to " + most);
        }
    }

    /** A shard and who reads it: four calls a second, whose answers take a fifth of a second. */
    private static final class Stream {
        final List<long[]> records = new ArrayList<>(); // arrival, event time; milliseconds
        final ShardTimes reader;
        ShardTimes.Shard times;
        int next;
        int perCall = 10_000;
        boolean isRefused;
        private long highest = ShardTimes.NONE;
        private long called = -1; // -1: no call is under way

        Stream(ShardTimes reader) {
            this.reader = reader;
        }

        void step(long now, Collection<Long> late, long watermark) {
            if (called < 0 && now % 250 == 0 && !isRefused) {
                called = now;
            } else if (called >= 0 && now - called >= 200) {
                answer(now, late, watermark);
                called = -1;
            }
        }

        private void answer(long now, Collection<Long> late, long watermark) {
            for (int n = 0; n < perCall && next < records.size() && records.get(next)[0] <= called; n++, next++) {
                long event = records.get(next)[1];
                if (event != ShardTimes.NONE && event < watermark) {
                    late.add(event);
                }
                highest = Math.max(highest, event);
                times.row(highest, now);
            }
            boolean isTip = next == records.size() || records.get(next)[0] > called;
            times.read(isTip ? called : called - (records.get(records.size() - 1)[0] - records.get(next)[0]) - 1);
        }
    }

    /** A job: its readers and shards; each step is a twentieth of a second. */
    private static final class World {
        final EventTime time = new EventTime();
        final List<ShardTimes> readers = new ArrayList<>();
        final Map<String, Stream> shards = new TreeMap<>();
        final List<Long> late = new ArrayList<>();
        final Map<Integer, ShardEvents.Report> reports = new HashMap<>();
        long now = 1_000_000; // milliseconds
        boolean isComplete = true;
        boolean isIdle; // by the last round

        /** One reader for each text, with these shards, one letter each. */
        World(String... readers) {
            this(IDLE, readers);
        }

        World(int idle, String[] readers) {
            for (String shards : readers) {
                this.readers.add(new ShardTimes(idle * 1000L));
                shards.chars().forEach(name -> give(String.valueOf((char) name), this.readers.size() - 1));
            }
        }

        void give(String name, int reader) {
            give(name, reader, ShardTimes.NONE);
        }

        /** reached: the event time, in milliseconds, that the shard or its parents had come to. */
        void give(String name, int reader, long reached) {
            Stream shard = new Stream(readers.get(reader));
            shard.times = shard.reader.add(name, reached, now);
            shards.put(name, shard);
            time.changed(reader);
        }

        void end(String name) {
            shards.remove(name).reader.remove(name);
        }

        /** A record arrives; its event time is so many seconds from the clock. */
        void send(String shard, long ahead) {
            arrives(shard, second() + ahead);
        }

        void arrives(String shard, long event) {
            shards.get(shard).records.add(new long[] {now, event * 1000});
        }

        void reject(String shard) {
            shards.get(shard).records.add(new long[] {now, ShardTimes.NONE});
        }

        long second() {
            return now / 1000;
        }

        World run(double seconds) {
            for (long end = now + Math.round(seconds * 1000); now < end; now += 50) {
                for (Stream shard : shards.values()) {
                    shard.step(now, late, watermark());
                }
                if (now % 200 == 0) {
                    round();
                }
            }
            return this;
        }

        /** So many seconds, with a record of each of these shards each second. */
        World fly(int seconds, String names) {
            for (int n = 0; n < seconds; n++) {
                names.chars().forEach(name -> send(String.valueOf((char) name), 0));
                run(1);
            }
            return this;
        }

        private void round() {
            ShardEvents.Round round = time.next(readers.size(), isComplete, ShardTimes.ALL);
            isIdle = round.isIdle;
            for (int reader = 0; reader < readers.size(); reader++) {
                time.reported(reader, readers.get(reader).round(round, now));
            }
        }

        /** Of all subtasks, in milliseconds. */
        long watermark() {
            return readers.stream().mapToLong(ShardTimes::watermark).min().getAsLong();
        }

        /** By how many seconds the watermark is behind the clock. */
        long behind() {
            return second() - watermark() / 1000;
        }

        World nothingIsLate() {
            equal(late, List.of());
            return this;
        }
    }

    private static final String[][] SPREAD = {{"abcd"}, {"ab", "cd"}, {"a", "b", "c", "d"}};

    public static void theSlowestShardDecides() {
        for (String[] readers : new String[][] {{"ab"}, {"a", "b"}}) {
            World world = new World(readers).fly(5, "ab");
            between(world.behind(), 1, 2);
            world.arrives("a", world.second() + 100);
            world.run(1).fly(5, "ab").nothingIsLate();
            between(world.behind(), 1, 2);
        }
    }

    public static void aBacklogGivesItsWindowsWithoutAFurtherRecord() {
        for (String[] readers : SPREAD) {
            World world = new World(readers);
            for (int event = 0; event < 1200; event++) {
                for (String shard : world.shards.keySet()) {
                    world.arrives(shard, event);
                }
            }
            world.shards.values().forEach(shard -> shard.perCall = 100);
            world.run(10).nothingIsLate();
            equal(world.watermark(), 1_199_000L);
        }
    }

    public static void aShardWithoutARecordIsWaitedForOnce() {
        for (String[] readers : SPREAD) {
            World world = new World(readers);
            world.fly(IDLE / 2, "abc");
            equal(world.watermark(), ShardTimes.NONE);
            world.fly(30, "abc").nothingIsLate();
            between(world.behind(), IDLE, MOST);
            world.fly(20, "abcd").nothingIsLate();
            between(world.behind(), 1, 2);
        }
    }

    public static void aShardThatFallsSilentIsLeftOut() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd");
            long before = world.watermark();
            world.fly(IDLE, "abc");
            between(world.watermark() - before, 0, 2000);
            world.fly(IDLE + 5, "abc").nothingIsLate();
            between(world.behind(), IDLE, MOST);
        }
    }

    /** Twenty minutes of event time at once after seventy seconds without a record, a shard after the other. */
    public static void afterSilenceWhicheverShardIsReadFirstNothingIsLate() {
        for (String[] readers : SPREAD) {
            for (List<String> order : List.of(List.of("a", "b", "c", "d"), List.of("d", "c", "b", "a"))) {
                World world = new World(readers).fly(20, "abcd");
                world.run(70);
                long start = world.second() - 70;
                for (String shard : order) {
                    for (int event = 0; event < 1200; event++) {
                        world.arrives(shard, start + event);
                    }
                    world.run(3);
                }
                world.run(5).nothingIsLate();
                equal(world.watermark(), (start + 1199) * 1000);
            }
        }
    }

    public static void aShardThatIsRefusedIsWaitedFor() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd");
            world.shards.get("b").isRefused = true;
            world.fly(120, "abcd");
            between(world.behind(), 120, 123);
            world.shards.get("b").isRefused = false;
            world.fly(5, "abcd").nothingIsLate();
            between(world.behind(), 1, 2);
        }
    }

    public static void aSilentShardThatIsRefusedIsWaitedFor() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd").fly(40, "acd");
            world.shards.get("b").isRefused = true;
            world.fly(120, "abcd");
            between(world.behind(), 120 + IDLE, 120 + MOST);
            world.shards.get("b").isRefused = false;
            world.fly(5, "abcd").nothingIsLate();
            between(world.behind(), 1, 2);
        }
    }

    public static void aShardWithABacklogIsWaitedFor() {
        World world = new World("ab");
        for (int ago = HOUR; ago > 0; ago--) {
            world.send("b", -ago);
        }
        world.shards.get("b").perCall = 4;
        world.fly(60, "ab").nothingIsLate();
        between(world.behind(), HOUR / 2, HOUR);
        world.shards.get("b").perCall = 100;
        world.fly(60, "ab").nothingIsLate();
        between(world.behind(), 1, 2);
    }

    private static World withASlowClock(String[] readers) {
        World world = new World(readers).fly(20, "abc");
        for (int n = 0; n < 60; n++) {
            world.send("d", -5 * HOUR);
            world.fly(1, "abc");
        }
        return world;
    }

    public static void aSlowClockDoesNotHoldBackTheOthers() {
        for (String[] readers : SPREAD) {
            World world = withASlowClock(readers);
            between(world.behind(), IDLE, MOST);
            equal(world.late.stream().allMatch(event -> event < HOUR), true);
        }
    }

    public static void aSlowClockCountsAgainWhenItWasSet() {
        for (String[] readers : SPREAD) {
            World world = withASlowClock(readers);
            world.late.clear();
            world.fly(10, "abcd");
            long held = world.watermark();
            world.fly(5, "abc").nothingIsLate();
            between(world.watermark() - held, 0, 2000);
        }
    }

    public static void aClockThatIsSetBackIsLeftOut() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd");
            for (int n = 0; n < 60; n++) {
                world.send("a", -600);
                world.fly(1, "bcd");
            }
            between(world.behind(), IDLE, MOST);
        }
    }

    public static void aClockThatStandsStillIsLeftOut() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd");
            long still = world.second();
            for (int n = 0; n < 60; n++) {
                world.arrives("a", still);
                world.fly(1, "bcd");
            }
            between(world.behind(), IDLE, MOST);
        }
    }

    public static void aShardThatIsAlwaysBehindIsWaitedFor() {
        for (String[] readers : SPREAD) {
            World world = new World(readers);
            for (int n = 0; n < 100; n++) {
                world.send("d", -3 * IDLE);
                world.fly(1, "abc");
            }
            world.nothingIsLate();
            between(world.behind(), 3 * IDLE, 3 * IDLE + 2);
        }
    }

    public static void rejectedRecordsHoldBackNothing() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd");
            for (int n = 0; n < 60; n++) {
                world.reject("a");
                world.fly(1, "bcd");
            }
            between(world.behind(), IDLE, MOST);
        }
    }

    public static void nothingButRejectedRecordsMovesNothing() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd");
            long before = world.watermark();
            for (int n = 0; n < 60; n++) {
                world.reject("a");
                world.run(1);
            }
            between(world.watermark() - before, 0, 1000);
            world.fly(5, "abcd").nothingIsLate();
            between(world.behind(), 1, 2);
        }
    }

    /** It is given to another reader, and has the records that came since, half a minute of them. */
    public static void aChildHoldsWhereItsParentLeftIt() {
        World world = new World("a", "bc", "d").fly(20, "abcd");
        world.end("a");
        world.isComplete = false;
        long parent = world.second();
        world.fly(30, "bcd");
        equal(world.second() - world.watermark() / 1000 >= 30, true);
        world.isComplete = true;
        world.give("e", 2);
        for (long event = parent; event < parent + 30; event++) {
            world.arrives("e", event);
        }
        world.fly(5, "bcde").nothingIsLate();
        between(world.behind(), 1, 2);
    }

    public static void aRestartGoesBackToTheState() {
        World world = new World("ab", "cd").fly(20, "abcd");
        long state = world.watermark();
        world.fly(20, "abcd");
        Map<String, Stream> before = Map.copyOf(world.shards);
        for (int reader = 0; reader < 2; reader++) {
            world.readers.set(reader, new ShardTimes(IDLE * 1000));
            world.time.restarts(reader);
        }
        for (int reader = 0; reader < 2; reader++) {
            world.readers.get(reader).restore(state);
            world.time.restore(state);
        }
        "abcd".chars().forEach(name -> world.give(String.valueOf((char) name), name < 'c' ? 0 : 1));
        before.forEach((name, old) -> {
            world.shards.get(name).records.addAll(old.records);
            world.shards.get(name).next = 20;
        });
        world.run(0.1);
        equal(world.watermark(), state);
        world.fly(5, "abcd").nothingIsLate();
        between(world.behind(), 1, 2);
    }

    /** What a shard had come to before a restart, or before it was split, closes windows without a further record. */
    public static void silenceAfterARestartKeepsNoWindowOpen() {
        for (String[] readers : new String[][] {{"ab"}, {"a", "b"}}) {
            World world = new World(readers);
            world.readers.forEach(reader -> reader.restore(50_000));
            world.time.restore(50_000);
            world.end("a");
            world.end("b");
            world.give("a", 0, 100_000);
            world.give("b", readers.length - 1, 50_000);
            world.run(3 * IDLE).nothingIsLate();
            equal(world.watermark(), 100_000L);
        }
    }

    public static void aSourceThatIsSilentForLongIsIdle() {
        for (String[] readers : SPREAD) {
            World world = new World(readers).fly(20, "abcd").run(30);
            equal(world.isIdle, false);
            world.run(60);
            equal(world.isIdle, true);
            world.fly(2, "a");
            equal(world.isIdle, false);
        }
    }

    /** Beside a silent shard, windows close an idle time later, second by second. */
    public static void aLongIdleTimeMakesNoJumps() {
        int idle = 600;
        World world = new World(idle, new String[] {"ab"}).fly(20, "ab").fly(2 * idle, "a");
        for (int minute = 0; minute < 20; minute++) {
            between(world.fly(60, "a").behind(), idle, idle + 10);
        }
    }

    /** It is never ahead, also of what was read before the machine was suspended, or the service's clock set back. */
    public static void theClockOfTheServiceByItsAnswers() {
        ServiceClock clock = new ServiceClock();
        equal(clock.at(5_000), Arrivals.UNKNOWN);
        clock.told("yesterday", 5_000);
        equal(clock.at(5_000), Arrivals.UNKNOWN);
        clock.told("Thu, 01 Jan 1970 01:00:00 GMT", 5_000);
        equal(clock.at(4_000), HOUR * 1000L - 1_000);
        equal(clock.at(6_500), HOUR * 1000L + 1_500);
        clock.told("Thu, 01 Jan 1970 03:00:00 GMT", 10_000); // suspended for two hours
        equal(clock.at(9_000), HOUR * 1000L + 4_000);
        equal(clock.at(10_000), 3 * HOUR * 1000L);
        clock.told("Thu, 01 Jan 1970 02:00:00 GMT", 20_000); // set back
        equal(clock.at(20_000), 2 * HOUR * 1000L);
        clock.told("Thu, 01 Jan 1970 12:00:00 GMT", 20_000 + 2 * HOUR * 1000L);
        equal(clock.at(20_000), 12 * HOUR * 1000L - 2 * HOUR * 1000L); // the others are forgotten
        equal(clock.at(Arrivals.UNKNOWN), Arrivals.UNKNOWN);
    }

    public static void aReaderWithoutAShardHoldsBackNothing() {
        World world = new World("a", "", "").fly(20, "a");
        between(world.behind(), 1, 2);
    }

    public static void theLagGrowsWhileNoAnswerComes() {
        Map<String, Gauge<?>> gauges = new HashMap<>();
        long[] now = {1_000_000};
        ShardMetrics metrics = new ShardMetrics(gauges(gauges), "us-east-1", "s", 250, () -> now[0]);
        metrics.watermark("shard", () -> 7L);
        equal(gauges.get("currentWatermark").getValue(), 7L);
        Gauge<?> behind = gauges.get("millisBehindLatest");
        equal(behind.getValue(), -1L);
        metrics.behind("shard", 300);
        now[0] += 5_000; // the pause of a subscription without records
        equal(behind.getValue(), 300L);
        now[0] += 40_000;
        equal(behind.getValue(), 45_300L);
        metrics.behind("shard", 0);
        equal(behind.getValue(), 0L);
        metrics.end("shard"); // Flink would show the last value for ever
        now[0] += 40_000;
        equal(behind.getValue(), -2L);
        equal(gauges.get("currentWatermark").getValue(), ShardTimes.NONE);
    }

    public static void theLagOfAShardThatIsSeldomAsked() {
        Map<String, Gauge<?>> gauges = new HashMap<>();
        long[] now = {1_000_000};
        ShardMetrics metrics = new ShardMetrics(gauges(gauges), "us-east-1", "s", 30_000, () -> now[0]);
        metrics.behind("shard", 0);
        now[0] += 31_000;
        equal(gauges.get("millisBehindLatest").getValue(), 0L);
    }

    /** A group of metrics that puts gauges into the map, also those of its own groups. */
    private static MetricGroup gauges(Map<String, Gauge<?>> gauges) {
        return new UnregisteredMetricsGroup() {
            @Override
            public MetricGroup addGroup(String name) {
                return this;
            }

            @Override
            public MetricGroup addGroup(String key, String value) {
                return this;
            }

            @Override
            public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
                gauges.put(name, gauge);
                return gauge;
            }
        };
    }

    public static void hoursOfRefusedCallsAndThenOn() {
        World world = new World("a", "b").fly(20, "ab").fly(40, "a");
        world.shards.get("b").isRefused = true;
        world.fly(HOUR, "a");
        world.shards.get("b").isRefused = false;
        world.fly(IDLE + 5, "a").nothingIsLate();
        between(world.behind(), IDLE, MOST);
    }
}
