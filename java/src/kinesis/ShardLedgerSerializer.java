package kinesis;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Writes the {@link ShardLedger} into checkpoints. */
final class ShardLedgerSerializer implements SimpleVersionedSerializer<ShardLedger> {
    private static final int VERSION = 3;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(ShardLedger ledger) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        Map<ShardSplit, ShardLedger.Phase> entries = ledger.entries();
        out.writeLong(ledger.begun);
        out.writeBoolean(ledger.isListed());
        out.writeInt(entries.size());
        for (Map.Entry<ShardSplit, ShardLedger.Phase> entry : entries.entrySet()) {
            ShardSplitSerializer.write(entry.getKey(), out);
            out.writeUTF(entry.getValue().name());
        }
        return bytes.toByteArray();
    }

    @Override
    public ShardLedger deserialize(int version, byte[] bytes) throws IOException {
        ShardSplitSerializer.require(version, VERSION);
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        long begun = in.readLong();
        boolean isListed = in.readBoolean();
        Map<ShardSplit, ShardLedger.Phase> entries = new HashMap<>();
        for (int n = in.readInt(); n > 0; n--) {
            entries.put(ShardSplitSerializer.read(in), ShardLedger.Phase.valueOf(in.readUTF()));
        }
        return ShardLedger.restored(begun, isListed, entries);
    }
}
