package kinesis;

import static aws.Cases.equal;
import static aws.Cases.failure;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.VarCharType;

/** Rules of records that are written. */
public final class RecordCases {
    private static final StreamName STREAM = StreamName.named("s");

    private static String key(LogicalType type, Object value) {
        return PartitionKeys.of("k", 0, type, STREAM).of(GenericRowData.of(value));
    }

    private static String text(String text) {
        return key(VarCharType.STRING_TYPE, StringData.fromString(text));
    }

    public static void aPartitionKeyIsTheColumnAsText() {
        equal(text("é🦄"), "é🦄");
        equal(text("x".repeat(256)), "x".repeat(256));
        equal(key(new BigIntType(), -7L), "-7");
        equal(key(new DecimalType(5, 2), DecimalData.fromBigDecimal(new BigDecimal("1.50"), 5, 2)), "1.50");
    }

    public static void aPartitionKeyThatIsNoneIsOneSentence() throws Exception {
        String begin = "A row for the stream s has ";
        equal(
                failure(() -> key(VarCharType.STRING_TYPE, null)),
                begin + "NULL in k, its partition key: leave such rows out by WHERE, or give them a key.");
        equal(failure(() -> text("")), begin + "an empty text in k, its partition key: it must have from 1 to 256.");
        equal(
                failure(() -> text("y".repeat(257))),
                begin + "257 characters in k, its partition key: it must have from 1 to 256 (it begins with '"
                        + "y".repeat(40) + "').");
        equal(
                failure(() -> PartitionKeys.of("k", 0, new DoubleType(), STREAM)),
                "PARTITIONED BY names k, which is DOUBLE: a partition key is text or a number that is not a "
                        + "floating-point number.");
    }

    public static void keysThatAreDrawn() {
        Set<String> drawn = new HashSet<>();
        PartitionKeys random = PartitionKeys.drawn(false);
        for (int i = 0; i < 100; i++) {
            drawn.add(random.of(GenericRowData.of()));
        }
        equal(drawn.size(), 100);
        PartitionKeys fixed = PartitionKeys.drawn(true);
        fixed.open(3);
        equal(fixed.of(GenericRowData.of()), "3");
    }

    public static void aRecordIsCountedWithItsKey() {
        equal(new KinesisRecord("é", new byte[10]).bytes(), 12L);
    }

    public static void recordsInACheckpoint() throws Exception {
        KinesisRecordSerializer serializer = new KinesisRecordSerializer();
        KinesisRecord record = new KinesisRecord("é", new byte[] {0, -1, 7});
        ArrayDeque<RequestEntryWrapper<KinesisRecord>> buffered =
                new ArrayDeque<>(List.of(new RequestEntryWrapper<>(record, 5)));
        byte[] state = serializer.serialize(new BufferedRequestState<>(buffered));
        KinesisRecord read =
                serializer.deserialize(1, state).getBufferedRequestEntries().get(0).getRequestEntry();
        equal(read.key, "é");
        equal(List.of(read.data[0], read.data[1], read.data[2]), List.of((byte) 0, (byte) -1, (byte) 7));
    }
}
