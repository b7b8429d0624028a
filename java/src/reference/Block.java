package reference;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Lines one after the other as bytes: of each its length, in four bytes, and its content. */
public final class Block {
    /** Bytes after which the source begins another block. */
    static final int BYTES = 64 << 10;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public void add(byte[] line) {
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(line.length).array());
        bytes.writeBytes(line);
    }

    public boolean isEmpty() {
        return bytes.size() == 0;
    }

    boolean isFull() {
        return bytes.size() >= BYTES;
    }

    public byte[] bytes() {
        return bytes.toByteArray();
    }

    /** The lines of a block. */
    public static List<byte[]> lines(byte[] block) {
        List<byte[]> lines = new ArrayList<>();
        for (ByteBuffer left = ByteBuffer.wrap(block); left.hasRemaining(); ) {
            byte[] line = new byte[left.getInt()];
            left.get(line);
            lines.add(line);
        }
        return lines;
    }
}
