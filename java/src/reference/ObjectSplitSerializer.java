package reference;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Writes an {@link ObjectSplit} into checkpoints. */
final class ObjectSplitSerializer implements SimpleVersionedSerializer<ObjectSplit> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(ObjectSplit split) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(split.id);
        out.writeBoolean(split.version != null);
        if (split.version != null) {
            out.writeUTF(split.version.tag);
            out.writeLong(split.version.modified);
            out.writeLong(split.version.bytes);
        }
        out.writeLong(split.read);
        return bytes.toByteArray();
    }

    @Override
    public ObjectSplit deserialize(int version, byte[] bytes) throws IOException {
        require(version, VERSION);
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        String id = in.readUTF();
        Version read = in.readBoolean() ? new Version(in.readUTF(), in.readLong(), in.readLong()) : null;
        return new ObjectSplit(id, read, in.readLong());
    }

    static void require(int version, int known) throws IOException {
        if (version != known) {
            throw new IOException("The state was written by another version of the connector: " + version);
        }
    }
}
