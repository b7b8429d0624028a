package aws;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.OperatorIOMetricGroup;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;
import org.apache.flink.util.function.ThrowingRunnable;

/** What Flink is to a writer: all in one thread, and a clock that goes on when there is nothing else to do. */
public final class FakeTask implements WriterInitContext, MailboxExecutor, ProcessingTimeService {
    private static final Place PLACE = new Place("us-east-1", null, Map.of());
    private static final long AN_HOUR = 3_600_000;

    private final Deque<ThrowingRunnable<? extends Exception>> mails = new ArrayDeque<>();
    private final PriorityQueue<Timer> timers =
            new PriorityQueue<>(
                    Comparator.<Timer>comparingLong(timer -> timer.time).thenComparing(timer -> timer.number));
    private final Metrics metrics = new Metrics();
    private long now;
    private int count;
    private int yields;

    /** What the service does while the writer waits. */
    public Runnable meanwhile = () -> {};

    /** A writer of this task. entries, bytes: of a request at most. kept: by a checkpoint. */
    public <T extends Entry> Writer<T> writer(
            Rows<T> rows,
            int entries,
            long bytes,
            boolean failsOnError,
            Collection<BufferedRequestState<T>> kept,
            Destination<T> destination) {
        SinkSettings settings = new SinkSettings(PLACE, Http.PLAIN, entries, 4, 100, bytes, 100, failsOnError);
        return new Writer<>(rows, this, settings, kept, destination, this::post);
    }

    /** Work for the task's thread. */
    public void post(Runnable work) {
        mails.add(work::run);
    }

    /** Runs what is due now. Returns whether anything was. */
    public boolean work() throws Exception {
        boolean isAny = false;
        while (!mails.isEmpty()) {
            mails.poll().run();
            isAny = true;
        }
        return isAny;
    }

    /** Runs what is due now, and moves the clock to the next timer. */
    public void pass() throws Exception {
        work();
        Timer timer = timers.peek();
        if (timer != null && timer.time < now + AN_HOUR) { // the service answers before that
            timers.remove(timer);
            now = Math.max(now, timer.time);
            timer.callback.onProcessingTime(now);
            work();
        }
    }

    public long counted(String name) {
        return metrics.counters.get(name).getCount();
    }

    @Override
    public void execute(
            MailOptions options, ThrowingRunnable<? extends Exception> mail, String description, Object... with) {
        mails.add(mail);
    }

    @Override
    public void yield() {
        try {
            if (yields++ > 100_000) {
                throw new AssertionError("the writer would wait for ever");
            }
            meanwhile.run();
            if (!work()) {
                pass();
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public boolean tryYield() {
        throw new AssertionError("no writer does so");
    }

    @Override
    public boolean shouldInterrupt() {
        return false;
    }

    @Override
    public long getCurrentProcessingTime() {
        return now;
    }

    @Override
    public ScheduledFuture<?> registerTimer(long time, ProcessingTimeCallback callback) {
        Timer timer = new Timer(time, count++, callback);
        timers.add(timer);
        return timer;
    }

    /** A callback at a time. */
    private final class Timer implements ScheduledFuture<Object> {
        final long time;
        final int number;
        final ProcessingTimeCallback callback;

        Timer(long time, int number, ProcessingTimeCallback callback) {
            this.time = time;
            this.number = number;
            this.callback = callback;
        }

        @Override
        public boolean cancel(boolean mayInterrupt) {
            return timers.remove(this);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            throw new AssertionError();
        }

        @Override
        public int compareTo(Delayed other) {
            throw new AssertionError();
        }

        @Override
        public boolean isCancelled() {
            throw new AssertionError();
        }

        @Override
        public boolean isDone() {
            throw new AssertionError();
        }

        @Override
        public Object get() {
            throw new AssertionError();
        }

        @Override
        public Object get(long timeout, TimeUnit unit) {
            throw new AssertionError();
        }
    }

    /** Counters by their names. */
    private static final class Metrics extends UnregisteredMetricsGroup implements SinkWriterMetricGroup {
        final Map<String, Counter> counters = new HashMap<>();

        @Override
        public Counter counter(String name) {
            return counters.computeIfAbsent(name, none -> new SimpleCounter());
        }

        @Override
        public <C extends Counter> C counter(String name, C counter) {
            counters.put(name, counter);
            return counter;
        }

        @Override
        public OperatorIOMetricGroup getIOMetricGroup() {
            return UnregisteredMetricsGroup.createOperatorIOMetricGroup();
        }

        @Override
        public Counter getNumRecordsOutErrorsCounter() {
            return counter("numRecordsOutErrors");
        }

        @Override
        public Counter getNumRecordsSendErrorsCounter() {
            return counter("numRecordsSendErrors");
        }

        @Override
        public Counter getNumRecordsSendCounter() {
            return counter("numRecordsSend");
        }

        @Override
        public Counter getNumBytesSendCounter() {
            return counter("numBytesSend");
        }

        @Override
        public void setCurrentSendTimeGauge(Gauge<Long> gauge) {}
    }

    @Override
    public SinkWriterMetricGroup metricGroup() {
        return metrics;
    }

    @Override
    public MailboxExecutor getMailboxExecutor() {
        return this;
    }

    @Override
    public ProcessingTimeService getProcessingTimeService() {
        return this;
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
        return SimpleUserCodeClassLoader.create(getClass().getClassLoader());
    }

    @Override
    public OptionalLong getRestoredCheckpointId() {
        return OptionalLong.empty();
    }

    @Override
    public SerializationSchema.InitializationContext asSerializationSchemaInitializationContext() {
        return null; // no format of the cases asks for it
    }

    @Override
    public boolean isObjectReuseEnabled() {
        return true;
    }

    @Override
    public <IN> TypeSerializer<IN> createInputSerializer() {
        throw new AssertionError("no writer needs it");
    }

    @Override
    public JobInfo getJobInfo() {
        throw new AssertionError("no writer needs it");
    }

    @Override
    public TaskInfo getTaskInfo() {
        throw new AssertionError("no case needs it");
    }
}
