package reference;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;

/**
 * Gives the objects to the reader that comes first, and tells each that no more come: a source that has read all ends,
 * with the highest watermark, before which no join with its table goes on.
 */
final class ObjectAssigner implements SplitEnumerator<ObjectSplit, List<ObjectSplit>> {
    private final SplitEnumeratorContext<ObjectSplit> context;
    private final Queue<ObjectSplit> waiting; // for a reader: the state of a checkpoint

    ObjectAssigner(SplitEnumeratorContext<ObjectSplit> context, Collection<ObjectSplit> waiting) {
        this.context = context;
        this.waiting = new ArrayDeque<>(waiting);
    }

    @Override
    public void start() {
        // Readers register by themselves.
    }

    @Override
    public void addReader(int subtask) {
        while (!waiting.isEmpty()) {
            context.assignSplit(waiting.remove(), subtask);
        }
        context.signalNoMoreSplits(subtask);
    }

    @Override
    public void addSplitsBack(List<ObjectSplit> splits, int subtask) {
        waiting.addAll(splits); // for the subtask, which registers again
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
        // No reader asks.
    }

    @Override
    public List<ObjectSplit> snapshotState(long checkpoint) {
        return List.copyOf(waiting);
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
