package firehose;

import aws.Entry;

/** A record to write. */
final class FirehoseRecord implements Entry {
    private static final long serialVersionUID = 1L;

    final byte[] data;

    FirehoseRecord(byte[] data) {
        this.data = data;
    }

    @Override
    public long bytes() {
        return data.length;
    }
}
