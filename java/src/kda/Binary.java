package kda;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.api.ValidationException;

/**
 * VARBINARY(n) and BINARY(n): a text that is a literal of bytes; of true and false the lowest bit. What is longer is
 * cut, and a BINARY filled with zeros: behind the bytes of a text, before the bit.
 */
final class Binary implements Conversion {
    private static final Pattern LITERAL = Pattern.compile("[Xx]'((?:[0-9A-Fa-f]{2})*+)'");

    private final String name;
    private final int length; // bytes
    private final boolean isFilled;

    Binary(String name, int length) {
        if (length < 1) {
            throw new ValidationException(name + "(n) has n from 1, not: " + length);
        }
        this.name = name;
        this.length = length;
        this.isFilled = name.equals("BINARY");
    }

    @Override
    public Object value(JsonToken token, String text) {
        if (token.isBoolean()) {
            byte[] bits = new byte[isFilled ? length : 1];
            bits[bits.length - 1] = (byte) (token == JsonToken.VALUE_TRUE ? 1 : 0);
            return bits;
        }
        Matcher literal = LITERAL.matcher(text);
        if (token != JsonToken.VALUE_STRING || !literal.matches()) {
            return null;
        }
        byte[] bytes = HexFormat.of().parseHex(literal.group(1));
        return bytes.length > length || isFilled ? Arrays.copyOf(bytes, length) : bytes;
    }

    @Override
    public String expected() {
        return name + "(" + length + ") as X'00FF'";
    }

    @Override
    public String hint(JsonToken token, String text) {
        return null;
    }

    @Override
    public String flink() {
        return "VARBINARY(" + length + ")";
    }
}
