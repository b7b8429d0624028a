package reference;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The lines of an object from a place in it on, as Flink reads the lines of a file: a line ends in a line feed, and a
 * carriage return before that is none of it.
 */
final class Lines implements Closeable {
    /** Bytes of a line, which is held in memory as a whole. */
    static final int LONGEST = 16 << 20;

    private static final int BUFFER = 64 << 10; // bytes

    /** A line that no row can be made of. */
    static final class TooLong extends IOException {
        private static final long serialVersionUID = 1L;

        TooLong(long from) {
            super("the line that begins at byte " + from + " has more than " + LONGEST + " bytes");
        }
    }

    final Version version;
    final long answered; // when the service began to answer, by its clock, in milliseconds since 1970
    private final InputStream content;
    private final Runnable abort;
    private final byte[] buffer = new byte[BUFFER];
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream(); // of a line that the buffer has no end of
    private int at; // in the buffer
    private int end; // of what the buffer holds
    private long read; // bytes of the object, up to the line that was returned last

    /** from: how many bytes of the object lie before the content. abort: ends the call, without reading its rest. */
    Lines(Version version, long answered, long from, InputStream content, Runnable abort) {
        this.version = version;
        this.answered = answered;
        this.read = from;
        this.content = content;
        this.abort = abort;
    }

    /** The next line, without its line break; null at the end. Throws IOException if the content ends before the object does. */
    byte[] next() throws IOException {
        while (true) {
            int feed = feed();
            if (feed >= 0) {
                begun.write(buffer, at, feed - at);
                at = feed + 1;
                return line(1);
            }
            begun.write(buffer, at, end - at);
            if (begun.size() > LONGEST) {
                throw new TooLong(read);
            }
            at = 0;
            end = Math.max(content.read(buffer), 0);
            if (end == 0) {
                return last();
            }
        }
    }

    private int feed() {
        for (int i = at; i < end; i++) {
            if (buffer[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private byte[] last() throws IOException {
        if (read + begun.size() < version.bytes) {
            throw new IOException("the answer ended after " + (read + begun.size()) + " of " + version.bytes + " bytes");
        }
        return begun.size() == 0 ? null : line(0);
    }

    private byte[] line(int feeds) {
        byte[] whole = begun.toByteArray();
        begun.reset();
        read += whole.length + feeds;
        boolean isReturned = feeds > 0 && whole.length > 0 && whole[whole.length - 1] == '\r';
        return isReturned ? Arrays.copyOf(whole, whole.length - 1) : whole;
    }

    /** How many bytes of the object lie before the line that comes next. */
    long read() {
        return read;
    }

    @Override
    public void close() {
        abort.run();
    }
}
