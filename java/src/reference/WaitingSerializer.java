package reference;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Writes the objects that wait for a reader into checkpoints: their number, then length and bytes of each. */
final class WaitingSerializer implements SimpleVersionedSerializer<List<ObjectSplit>> {
    private final ObjectSplitSerializer splits = new ObjectSplitSerializer();

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
        return bytes.toByteArray();
    }

    @Override
    public List<ObjectSplit> deserialize(int version, byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        List<ObjectSplit> waiting = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            byte[] written = new byte[in.readInt()];
            in.readFully(written);
            waiting.add(splits.deserialize(version, written));
        }
        return waiting;
    }
}
