package reference;

import aws.AwsFailure;
import aws.Patience;
import aws.Problem;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Reads objects one after the other, each to its end. A call that fails, or breaks off, is made again from the line
 * where it did, for ever, except after what no repetition mends.
 */
final class ObjectFetcher implements SplitReader<Line, ObjectSplit> {
    private static final int MOST_LINES = 2_000; // handed on at a time
    private static final long MOST_BYTES = 1 << 20; // about

    private final S3Object object;
    private final Patience patience;
    private final Queue<ObjectSplit> waiting = new ArrayDeque<>();
    private final Object lock = new Object();
    private boolean isWoken; // under the lock
    private ObjectSplit split; // that is being read; null: none
    private Lines lines; // null: to be opened

    ObjectFetcher(S3Object object) {
        this.object = object;
        this.patience = new Patience(object.call());
    }

    @Override
    public RecordsWithSplitIds<Line> fetch() throws IOException {
        if (split == null) {
            split = waiting.poll();
        }
        if (split == null) {
            pause(Long.MAX_VALUE);
            return Batch.empty();
        }
        try {
            return split.isRead() ? ended(List.of()) : read();
        } catch (Lines.TooLong e) {
            throw new AwsFailure("Of " + object.name + ", " + e.getMessage() + ": write each row as a line of its own.");
        } catch (SdkException | IOException e) {
            again(Problem.of(e));
            return Batch.empty();
        }
    }

    private Batch read() throws IOException {
        if (lines == null) {
            lines = object.open(split.version, split.read);
        }
        List<Line> found = new ArrayList<>();
        long bytes = 0;
        Line line = null;
        try {
            while (found.size() < MOST_LINES && bytes < MOST_BYTES) {
                line = lines.next();
                if (line == null) {
                    patience.succeeded();
                    return ended(found);
                }
                found.add(line);
                bytes += line.content.length;
                split = new ObjectSplit(split.id, line.version, line.end);
            }
        } catch (Lines.TooLong e) {
            throw e;
        } catch (SdkException | IOException e) {
            again(Problem.of(e));
            return new Batch(split.id, found, false);
        }
        patience.succeeded();
        return new Batch(split.id, found, false);
    }

    private Batch ended(List<Line> last) {
        Batch batch = new Batch(split.id, last, true);
        split = null;
        closeLines();
        return batch;
    }

    private void again(Problem problem) {
        closeLines();
        if (problem.isFinal()) {
            throw object.failure(problem);
        }
        pause(patience.failed(problem));
    }

    /** Waits for so many milliseconds, or until Flink has something else to do. */
    private void pause(long milliseconds) {
        synchronized (lock) {
            try {
                if (!isWoken) {
                    lock.wait(milliseconds);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            isWoken = false;
        }
    }

    @Override
    public void handleSplitsChanges(SplitsChange<ObjectSplit> change) {
        if (!(change instanceof SplitsAddition)) {
            throw new UnsupportedOperationException("An object is read to its end.");
        }
        waiting.addAll(change.splits());
    }

    @Override
    public void wakeUp() {
        synchronized (lock) {
            isWoken = true;
            lock.notifyAll();
        }
    }

    private void closeLines() {
        if (lines != null) {
            lines.close();
            lines = null;
        }
    }

    @Override
    public void close() {
        closeLines();
        object.close();
    }
}
