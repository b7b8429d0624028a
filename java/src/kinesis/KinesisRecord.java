package kinesis;

import aws.Entry;
import java.nio.charset.StandardCharsets;

/** A record to write. The service counts its partition key in UTF-8. */
final class KinesisRecord implements Entry {
    private static final long serialVersionUID = 1L;

    final String key;
    final byte[] data;

    KinesisRecord(String key, byte[] data) {
        this.key = key;
        this.data = data;
    }

    @Override
    public long bytes() {
        return key.getBytes(StandardCharsets.UTF_8).length + data.length;
    }
}
