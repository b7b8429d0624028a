package reference;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Writes the objects that wait for a reader into checkpoints: their number, then length and bytes of each; and whether
 * they are read again and again.
 */
final class WaitingSerializer implements SimpleVersionedSerializer<List<ObjectSplit>> {
    private final ObjectSplitSerializer splits = new ObjectSplitSerializer();
    private final ObjectName name;
    private final boolean isRefreshed;

    WaitingSerializer(ObjectName name, boolean isRefreshed) {
        this.name = name;
        this.isRefreshed = isRefreshed;
    }

    @Override
    public int getVersion() {
        return splits.getVersion();
    }

    @Override
    public byte[] serialize(List<ObjectSplit> waiting) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(waiting.size());
        for (ObjectSplit split : waiting) {
            byte[] written = splits.serialize(split);
            out.writeInt(written.length);
            out.write(written);
        }
        out.writeBoolean(isRefreshed);
        return bytes.toByteArray();
    }

    /**
     * The objects that wait.
     *
     * @throws IOException also if the object was read once, and is to be read again and again now: no reader has it
     */
    @Override
    public List<ObjectSplit> deserialize(int version, byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        List<ObjectSplit> waiting = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            byte[] written = new byte[in.readInt()];
            in.readFully(written);
            waiting.add(splits.deserialize(version, written));
        }
        boolean wasRefreshed = in.available() > 0 && in.readBoolean(); // a state without it is older than `refresh`
        if (isRefreshed && !wasRefreshed) {
            throw new IOException(
                    "The state is of a job that read " + name + " once, so nobody would look for another version:"
                            + " start the job afresh, or take refresh out of job.toml.");
        }
        return waiting;
    }
}
