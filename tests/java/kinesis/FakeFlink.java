package kinesis;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;

/** What Flink is to a coordinator: all in one thread, nothing is done before {@link #discover}. */
final class FakeFlink implements SplitEnumeratorContext<ShardSplit> {
    private final int parallelism;
    private final Map<Integer, ReaderInfo> readers = new HashMap<>();
    private final List<Runnable> calls = new ArrayList<>(); // once
    private Runnable discovery;
    final Map<Integer, List<ShardSplit>> given = new TreeMap<>();
    final Map<Integer, List<SourceEvent>> told = new TreeMap<>();

    FakeFlink(int parallelism) {
        this.parallelism = parallelism;
    }

    void register(int subtask) {
        readers.put(subtask, new ReaderInfo(subtask, "here"));
    }

    /** Makes the periodic call. */
    void discover() {
        discovery.run();
    }

    /** Makes the calls that were asked for besides. */
    void goOn() {
        List<Runnable> due = new ArrayList<>(calls);
        calls.clear();
        due.forEach(Runnable::run);
    }

    /** The ids that were given to a subtask since the last time. */
    List<String> taken(int subtask) {
        List<String> ids = new ArrayList<>();
        List<ShardSplit> splits = given.remove(subtask);
        if (splits != null) {
            splits.forEach(split -> ids.add(split.id));
        }
        return ids;
    }

    /** The events that were sent to a subtask since the last time. */
    String heard(int subtask) {
        List<String> heard = new ArrayList<>();
        List<SourceEvent> events = told.remove(subtask);
        if (events != null) {
            events.forEach(e -> heard.add(e.toString()));
        }
        return heard.toString();
    }

    private static <T> void call(Callable<T> callable, BiConsumer<T, Throwable> handler) {
        T result = null;
        Throwable problem = null;
        try {
            result = callable.call();
        } catch (Exception e) {
            problem = e;
        }
        handler.accept(result, problem);
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
        calls.add(() -> call(callable, handler));
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler, long delay, long period) {
        discovery = () -> call(callable, handler);
    }

    @Override
    public void runInCoordinatorThread(Runnable runnable) {
        runnable.run();
    }

    @Override
    public SplitEnumeratorMetricGroup metricGroup() {
        return UnregisteredMetricsGroup.createSplitEnumeratorMetricGroup();
    }

    @Override
    public void sendEventToSourceReader(int subtask, SourceEvent event) {
        told.computeIfAbsent(subtask, none -> new ArrayList<>()).add(event);
    }

    @Override
    public int currentParallelism() {
        return parallelism;
    }

    @Override
    public Map<Integer, ReaderInfo> registeredReaders() {
        return readers;
    }

    @Override
    public void assignSplits(SplitsAssignment<ShardSplit> assignment) {
        assignment
                .assignment()
                .forEach((subtask, splits) -> given.computeIfAbsent(subtask, none -> new ArrayList<>()).addAll(splits));
    }

    @Override
    public void signalNoMoreSplits(int subtask) {
        throw new AssertionError("a stream has no end");
    }

    /** What Flink is to a reader. */
    static final class Task implements SourceReaderContext {
        final List<SourceEvent> sent = new ArrayList<>();

        /** The events that the reader sent since the last time. */
        String sent() {
            String text = sent.toString();
            sent.clear();
            return text;
        }

        @Override
        public SourceReaderMetricGroup metricGroup() {
            return UnregisteredMetricsGroup.createSourceReaderMetricGroup();
        }

        @Override
        public Configuration getConfiguration() {
            return new Configuration();
        }

        @Override
        public String getLocalHostName() {
            return "here";
        }

        @Override
        public int getIndexOfSubtask() {
            return 0;
        }

        @Override
        public void sendSplitRequest() {}

        @Override
        public void sendSourceEventToCoordinator(SourceEvent event) {
            sent.add(event);
        }

        @Override
        public UserCodeClassLoader getUserCodeClassLoader() {
            return SimpleUserCodeClassLoader.create(getClass().getClassLoader());
        }
    }
}
