package dynamodb;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/** Writes that a checkpoint holds. An attribute is a letter for its type, then its value. */
final class ItemWriteSerializer extends AsyncSinkWriterStateSerializer<ItemWrite> {
    @Override
    public int getVersion() {
        return 1;
    }

    @Override
    protected void serializeRequestToStream(ItemWrite write, DataOutputStream out) throws IOException {
        text(write.key, out);
        out.writeLong(write.number);
        out.writeBoolean(write.isDelete);
        map(write.attributes, out);
    }

    @Override
    protected ItemWrite deserializeRequestFromStream(long bytes, DataInputStream in) throws IOException {
        return new ItemWrite(text(in), in.readLong(), in.readBoolean(), map(in));
    }

    private static void value(AttributeValue value, DataOutputStream out) throws IOException {
        switch (value.type()) {
            case S:
                out.writeByte('S');
                text(value.s(), out);
                break;
            case N:
                out.writeByte('N');
                text(value.n(), out);
                break;
            case B:
                out.writeByte('B');
                bytes(value.b().asByteArrayUnsafe(), out);
                break;
            case BOOL:
                out.writeByte(value.bool() ? 'T' : 'F');
                break;
            case NUL:
                out.writeByte('0');
                break;
            case L:
                out.writeByte('L');
                out.writeInt(value.l().size());
                for (AttributeValue element : value.l()) {
                    value(element, out);
                }
                break;
            case M:
                out.writeByte('M');
                map(value.m(), out);
                break;
            default:
                throw new IOException("no row has an attribute of the type " + value.type());
        }
    }

    private static AttributeValue value(DataInputStream in) throws IOException {
        char type = (char) in.readByte();
        switch (type) {
            case 'S':
                return AttributeValue.fromS(text(in));
            case 'N':
                return AttributeValue.fromN(text(in));
            case 'B':
                return AttributeValue.fromB(SdkBytes.fromByteArrayUnsafe(bytes(in)));
            case 'T':
            case 'F':
                return AttributeValue.fromBool(type == 'T');
            case '0':
                return AttributeValue.fromNul(true);
            case 'L':
                return AttributeValue.fromL(list(in));
            case 'M':
                return AttributeValue.fromM(map(in));
            default:
                throw new IOException("an attribute of an unknown type: " + type);
        }
    }

    private static List<AttributeValue> list(DataInputStream in) throws IOException {
        List<AttributeValue> list = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            list.add(value(in));
        }
        return list;
    }

    private static void map(Map<String, AttributeValue> map, DataOutputStream out) throws IOException {
        out.writeInt(map.size());
        for (Map.Entry<String, AttributeValue> entry : map.entrySet()) {
            text(entry.getKey(), out);
            value(entry.getValue(), out);
        }
    }

    private static Map<String, AttributeValue> map(DataInputStream in) throws IOException {
        Map<String, AttributeValue> map = new LinkedHashMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            map.put(text(in), value(in));
        }
        return map;
    }

    private static void text(String text, DataOutputStream out) throws IOException {
        bytes(text.getBytes(StandardCharsets.UTF_8), out); // writeUTF takes 64 KiB
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    private static void bytes(byte[] bytes, DataOutputStream out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }
}
