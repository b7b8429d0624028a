package kinesis;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;

/** Records that a checkpoint holds: the partition key, then length and bytes of the data. */
final class KinesisRecordSerializer extends AsyncSinkWriterStateSerializer<KinesisRecord> {
    @Override
    public int getVersion() {
        return 1;
    }

    @Override
    protected void serializeRequestToStream(KinesisRecord record, DataOutputStream out) throws IOException {
        out.writeUTF(record.key);
        out.writeInt(record.data.length);
        out.write(record.data);
    }

    @Override
    protected KinesisRecord deserializeRequestFromStream(long bytes, DataInputStream in) throws IOException {
        String key = in.readUTF();
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return new KinesisRecord(key, data);
    }
}
