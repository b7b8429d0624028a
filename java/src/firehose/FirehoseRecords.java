package firehose;

import aws.AwsFailure;
import aws.FormattedRows;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;

/** Rows as records. */
final class FirehoseRecords extends FormattedRows<FirehoseRecord> {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 1_000 << 10; // bytes

    private final String stream;

    FirehoseRecords(SerializationSchema<RowData> format, String stream) {
        super(format);
        this.stream = stream;
    }

    @Override
    protected FirehoseRecord entry(RowData row, byte[] data) {
        if (data.length > LONGEST) {
            throw new AwsFailure(
                    "A row for the Firehose stream " + stream + " has " + data.length + " bytes: a record has "
                            + LONGEST + " at most. Write shorter rows.");
        }
        return new FirehoseRecord(data);
    }
}
