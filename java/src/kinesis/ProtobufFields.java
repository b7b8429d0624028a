package kinesis;

import java.util.Arrays;

/**
 * The fields of a protobuf message, one after the other, as the wire format has them. Fields of any number may come.
 */
final class ProtobufFields {
    private static final int NUMBER = 0;
    private static final int EIGHT_BYTES = 1;
    private static final int BYTES = 2;
    private static final int FOUR_BYTES = 5;
    private static final int LONGEST_NUMBER = 10; // bytes

    private final byte[] bytes;
    private final int end;
    private int at;
    private int field;
    private int type;
    private long number; // the value, or how long it is
    private int start; // of the value

    ProtobufFields(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    /** Goes on to the next field; false at the end of the message. */
    boolean next() throws Malformed {
        if (at == end) {
            return false;
        }
        long key = varint();
        require(key >>> 3 > 0 && key >>> 3 < 1 << 29);
        field = (int) (key >>> 3);
        type = (int) (key & 7);
        number = type == NUMBER || type == BYTES ? varint() : length(type);
        start = at;
        if (type != NUMBER) {
            require(number >= 0 && number <= end - at);
            at += (int) number;
        }
        return true;
    }

    boolean isNumber(int wanted) {
        return field == wanted && type == NUMBER;
    }

    boolean isBytes(int wanted) {
        return field == wanted && type == BYTES;
    }

    long number() {
        return number;
    }

    /** A new array. */
    byte[] bytes() {
        return Arrays.copyOfRange(bytes, start, start + (int) number);
    }

    ProtobufFields message() {
        return new ProtobufFields(bytes, start, start + (int) number);
    }

    private static long length(int type) throws Malformed {
        require(type == EIGHT_BYTES || type == FOUR_BYTES);
        return type == EIGHT_BYTES ? 8 : 4;
    }

    /** Seven bits a byte, the lowest first; the eighth bit says that more follow. */
    private long varint() throws Malformed {
        long value = 0;
        for (int i = 0; i < LONGEST_NUMBER; i++) {
            require(at < end);
            byte next = bytes[at++];
            value |= (long) (next & 0x7F) << 7 * i;
            if (next >= 0) {
                return value;
            }
        }
        throw new Malformed();
    }

    static void require(boolean holds) throws Malformed {
        if (!holds) {
            throw new Malformed();
        }
    }

    /** The bytes are no such message. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed() {
            super(null, null, false, false);
        }
    }
}
