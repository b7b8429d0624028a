package kinesis;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A record into which the Kinesis Producer Library has put several: a magic number, a protobuf message, and the MD5 of
 * that message.
 *
 * <p>The format is published as "KPL aggregated record format". All records of an aggregate are kept, also those whose
 * own hash key belongs to another shard: Amazon's library drops the whole aggregate then, after a split or merge among
 * other times.
 */
final class Aggregate {
    private static final byte[] MAGIC = {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2};
    private static final int DIGEST = 16; // bytes of an MD5
    // AggregatedRecord: repeated string partition_key_table, repeated string explicit_hash_key_table, repeated Record
    private static final int PARTITION_KEYS = 1;
    private static final int RECORDS = 3;
    // Record: uint64 partition_key_index, uint64 explicit_hash_key_index, bytes data, repeated Tag
    private static final int PARTITION_KEY = 1;
    private static final int DATA = 3;

    /** A record within an aggregate. */
    static final class Inner {
        final String partitionKey;
        final byte[] data;

        Inner(String partitionKey, byte[] data) {
            this.partitionKey = partitionKey;
            this.data = data;
        }
    }

    private Aggregate() {}

    /** The records in an aggregate, or null if it is none: neither one that is damaged nor one that holds nothing. */
    static List<Inner> inner(byte[] record) {
        if (!isMarked(record)) {
            return null;
        }
        int end = record.length - DIGEST;
        if (!Arrays.equals(md5(record, MAGIC.length, end), Arrays.copyOfRange(record, end, record.length))) {
            return null;
        }
        try {
            List<Inner> found = message(new ProtobufFields(record, MAGIC.length, end));
            return found.isEmpty() ? null : found;
        } catch (ProtobufFields.Malformed e) {
            return null;
        }
    }

    private static boolean isMarked(byte[] record) {
        return record.length > MAGIC.length + DIGEST && Arrays.equals(record, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    private static byte[] md5(byte[] bytes, int from, int to) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(bytes, from, to - from);
            return md5.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private static List<Inner> message(ProtobufFields fields) throws ProtobufFields.Malformed {
        List<String> keys = new ArrayList<>();
        List<ProtobufFields> records = new ArrayList<>(); // the tables may follow the records that refer to them
        while (fields.next()) {
            if (fields.isBytes(PARTITION_KEYS)) {
                keys.add(text(fields.bytes()));
            } else if (fields.isBytes(RECORDS)) {
                records.add(fields.message());
            }
        }
        List<Inner> inner = new ArrayList<>(records.size());
        for (ProtobufFields record : records) {
            inner.add(record(record, keys));
        }
        return inner;
    }

    private static String text(byte[] bytes) throws ProtobufFields.Malformed {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new ProtobufFields.Malformed();
        }
    }

    private static Inner record(ProtobufFields fields, List<String> keys) throws ProtobufFields.Malformed {
        long key = -1;
        byte[] data = null;
        while (fields.next()) {
            if (fields.isNumber(PARTITION_KEY)) {
                key = fields.number();
            } else if (fields.isBytes(DATA)) {
                data = fields.bytes();
            }
        }
        ProtobufFields.require(data != null && key >= 0 && key < keys.size());
        return new Inner(keys.get((int) key), data);
    }
}
