package reference;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Writes an {@link ObjectSplit} into checkpoints. */
final class ObjectSplitSerializer implements SimpleVersionedSerializer<ObjectSplit> {
    private static final int VERSION = 3;

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
        out.writeLong(split.since);
        out.writeInt(split.blocks);
        out.writeInt(split.wholes);
        out.writeBoolean(split.isWhole);
        out.writeLong(split.asked);
        out.writeUTF(split.told);
        return bytes.toByteArray();
    }

    @Override
    public ObjectSplit deserialize(int version, byte[] bytes) throws IOException {
        if (version < 1 || version > VERSION) {
            throw new IOException("The state was written by another version of the connector: " + version);
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        String id = in.readUTF();
        Version content = in.readBoolean() ? new Version(in.readUTF(), in.readLong(), in.readLong()) : null;
        long read = in.readLong();
        if (version == 1) { // of a source that read each object once
            boolean isWhole = content != null && read >= content.bytes;
            return ObjectSplit.restored(id, content, 0, read, 0, isWhole ? 1 : 0, isWhole, 0, "");
        }
        return ObjectSplit.restored(
                id,
                content,
                in.readLong(),
                read,
                version == 2 ? 0 : in.readInt(), // older: its lines came one by one
                in.readInt(),
                in.readBoolean(),
                in.readLong(),
                in.readUTF());
    }
}
