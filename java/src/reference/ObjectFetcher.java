package reference;

import aws.AwsFailure;
import aws.Patience;
import aws.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
 * Reads an object to its end, once, or again whenever there is another version of it. A call that fails, or breaks off,
 * is made again from the line where it did, for ever. What no repetition mends fails the job; but once a version was
 * read to its end, it is told, and that version stays.
 */
final class ObjectFetcher implements SplitReader<Line, ObjectSplit> {
    private static final int MOST_LINES = 2_000; // handed on at a time
    private static final long MOST_BYTES = 1 << 20; // about
    private static final long HELD = 100; // milliseconds until a version that is held is looked at again
    // As long as a buffer of Flink's network, so that few turns are on their way, before which a checkpoint would wait.
    private static final byte[] TURN = new byte[32 << 10];

    private final S3Object object;
    private final Refresh refresh; // null: the object is read once
    private final Hold hold;
    private final Patience patience;
    private final Queue<ObjectSplit> waiting = new ArrayDeque<>();
    private final Object lock = new Object();
    private boolean isWoken; // under the lock
    private ObjectSplit split; // that is being read; null: none
    private Lines lines; // null: to be opened
    private long next; // when to ask again, by System.nanoTime in milliseconds

    ObjectFetcher(S3Object object, Refresh refresh, Hold hold) {
        this.object = object;
        this.refresh = refresh;
        this.hold = hold;
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
        List<Line> found = new ArrayList<>();
        try {
            boolean isEnd = refresh == null ? readOnce(found) : readAgain(found);
            return isEnd ? ended(found) : new Batch(split.id, found, false);
        } catch (Lines.TooLong e) {
            String why = "Of " + object.name + ", " + e.getMessage();
            split = split.refused();
            return failed(found, new AwsFailure(why + ": write each row as a line of its own."), lines.answered);
        } catch (SdkException | IOException e) {
            Problem problem = Problem.of(e);
            if (problem.isFinal()) {
                return failed(found, object.failure(problem), S3Object.answered(e));
            }
            closeLines();
            pause(patience.failed(problem));
            return new Batch(split.id, found, false);
        }
    }

    /** Whether the object is read to its end. */
    private boolean readOnce(List<Line> found) throws IOException {
        return split.isRead() || read(found);
    }

    /** It never ends. */
    private boolean readAgain(List<Line> found) throws IOException {
        if (!split.isWhole) {
            goOn(found);
        } else if (refresh.isCheckpointed && hold.isHeld(split)) {
            pause(HELD);
        } else if (now() < next) {
            pause(next - now());
        } else {
            ask(found);
        }
        return false;
    }

    private void goOn(List<Line> found) throws IOException {
        if (!split.isRead() && !readBlock(found)) {
            return;
        }
        closeLines();
        if (split.hasTurn()) {
            mark(found, Mark.TURN, TURN, split.turned());
        } else {
            mark(found, Mark.END, null, split.whole());
        }
    }

    private void ask(List<Line> found) {
        Answer answer = object.ask(split.version);
        patience.succeeded();
        next = now() + refresh.pause();
        if (answer.lines == null) {
            mark(found, Mark.ASKED, null, split.askedAt(answer.answered));
        } else {
            lines = answer.lines;
            begin(found);
        }
    }

    /** Reads some lines; whether these are the last. */
    private boolean read(List<Line> found) throws IOException {
        open(found);
        long bytes = 0;
        while (found.size() < MOST_LINES && bytes < MOST_BYTES) {
            byte[] line = lines.next();
            if (line == null) {
                patience.succeeded();
                return true;
            }
            split = split.readTo(lines.read());
            found.add(new Line(line, null, split));
            bytes += line.length;
        }
        patience.succeeded();
        return false;
    }

    /** Reads a block of lines; whether it is the last. */
    private boolean readBlock(List<Line> found) throws IOException {
        open(found);
        Block block = new Block();
        try {
            while (!block.isFull()) {
                byte[] line = lines.next();
                if (line == null) {
                    break;
                }
                block.add(line);
            }
        } finally { // also what came before the answer broke off
            if (!block.isEmpty()) {
                mark(found, Mark.LINES, block.bytes(), split.readBlock(lines.read()));
            }
        }
        patience.succeeded();
        return split.isRead();
    }

    private void open(List<Line> found) {
        if (lines == null) {
            lines = object.open(split.version, split.read);
            boolean isOther = split.version == null || !lines.version.tag.equals(split.version.tag);
            if (isOther || split.read == 0) {
                begin(found);
            }
        }
    }

    private void begin(List<Line> found) {
        split = split.begun(lines.version, lines.answered);
        if (refresh != null) {
            mark(found, Mark.BEGIN, null, split);
        }
    }

    private void mark(List<Line> found, Mark mark, byte[] content, ObjectSplit after) {
        split = after;
        found.add(new Line(content, mark, after));
    }

    /** Tells once why the object cannot be read. Throws the failure if no version of it was read before. */
    private Batch failed(List<Line> found, AwsFailure failure, long answered) {
        closeLines();
        if (refresh == null || split.wholes == 0) {
            throw failure;
        }
        next = now() + refresh.pause();
        ObjectSplit after = split.failed(failure.getMessage(), answered);
        boolean isNews = !after.told.equals(split.told);
        byte[] why = isNews ? failure.getMessage().getBytes(StandardCharsets.UTF_8) : null;
        mark(found, isNews ? Mark.FAILED : Mark.ASKED, why, after);
        return new Batch(split.id, found, false);
    }

    private Batch ended(List<Line> last) {
        Batch batch = new Batch(split.id, last, true);
        split = null;
        closeLines();
        return batch;
    }

    private static long now() {
        return System.nanoTime() / 1_000_000;
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
