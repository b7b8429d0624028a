package kinesis;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Writes a {@link ShardSplit} into checkpoints. */
final class ShardSplitSerializer implements SimpleVersionedSerializer<ShardSplit> {
    private static final int VERSION = 3;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(ShardSplit split) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        write(split, new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    @Override
    public ShardSplit deserialize(int version, byte[] bytes) throws IOException {
        require(version, VERSION);
        return read(new DataInputStream(new ByteArrayInputStream(bytes)));
    }

    static void require(int version, int known) throws IOException {
        if (version != known) {
            throw new IOException("The state was written by another version of the connector: " + version);
        }
    }

    static void write(ShardSplit split, DataOutputStream out) throws IOException {
        out.writeUTF(split.id);
        out.writeUTF(split.position.kind.name());
        out.writeLong(split.position.time);
        out.writeUTF(split.position.sequenceNumber == null ? "" : split.position.sequenceNumber);
        out.writeInt(split.position.parts);
        writeNames(split.parents, out);
        out.writeBoolean(split.isEnded);
        out.writeLong(split.watermark);
        out.writeLong(split.reached);
    }

    static ShardSplit read(DataInputStream in) throws IOException {
        return new ShardSplit(
                in.readUTF(), readPosition(in), readNames(in), in.readBoolean(), in.readLong(), in.readLong());
    }

    private static Position readPosition(DataInputStream in) throws IOException {
        Position.Kind kind = Position.Kind.valueOf(in.readUTF());
        long time = in.readLong();
        String sequenceNumber = in.readUTF();
        int parts = in.readInt();
        switch (kind) {
            case OLDEST:
                return Position.oldest();
            case TIME:
                return Position.at(time);
            case AFTER:
                return Position.after(sequenceNumber);
            default:
                return Position.within(sequenceNumber, parts);
        }
    }

    private static void writeNames(Collection<String> names, DataOutputStream out) throws IOException {
        out.writeInt(names.size());
        for (String name : names) {
            out.writeUTF(name);
        }
    }

    private static List<String> readNames(DataInputStream in) throws IOException {
        List<String> names = new ArrayList<>();
        for (int n = in.readInt(); n > 0; n--) {
            names.add(in.readUTF());
        }
        return names;
    }
}
