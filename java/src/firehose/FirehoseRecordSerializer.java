package firehose;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;

/** Records that a checkpoint holds: length and bytes. */
final class FirehoseRecordSerializer extends AsyncSinkWriterStateSerializer<FirehoseRecord> {
    @Override
    public int getVersion() {
        return 1;
    }

    @Override
    protected void serializeRequestToStream(FirehoseRecord record, DataOutputStream out) throws IOException {
        out.writeInt(record.data.length);
        out.write(record.data);
    }

    @Override
    protected FirehoseRecord deserializeRequestFromStream(long bytes, DataInputStream in) throws IOException {
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return new FirehoseRecord(data);
    }
}
