package dynamodb;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The bytes of an item, by the two counts of the service: as it is stored, which has a limit for each item, and as JSON
 * on the wire, which has a limit for each request.
 *
 * <p>https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
final class ItemSize {
    static final long MOST_STORED = 400 << 10;

    private static final int BRACES = 9; // around a value: {"S":""},
    private static final int REQUEST = 28; // around an item: {"PutRequest":{"Item":{}}},

    private ItemSize() {}

    static long stored(Map<String, AttributeValue> attributes) {
        return attributes.entrySet().stream()
                .mapToLong(attribute -> utf8(attribute.getKey()) + stored(attribute.getValue()))
                .sum();
    }

    private static long stored(AttributeValue value) {
        switch (value.type()) {
            case S:
                return utf8(value.s());
            case N:
                return (digits(value.n()) + 1) / 2 + 1;
            case B:
                return value.b().asByteArrayUnsafe().length;
            case L:
                return 3 + value.l().stream().mapToLong(element -> 1 + stored(element)).sum();
            case M:
                return 3 + value.m().size() + stored(value.m());
            default:
                return 1;
        }
    }

    /** The digits of a number without zeros at their ends. */
    private static long digits(String number) {
        return new BigDecimal(number).stripTrailingZeros().precision();
    }

    static long sent(Map<String, AttributeValue> attributes) {
        return REQUEST
                + attributes.entrySet().stream()
                        .mapToLong(attribute -> json(attribute.getKey()) + 4 + sent(attribute.getValue()))
                        .sum();
    }

    private static long sent(AttributeValue value) {
        switch (value.type()) {
            case S:
                return BRACES + json(value.s());
            case N:
                return BRACES + value.n().length();
            case B:
                return BRACES + (value.b().asByteArrayUnsafe().length + 2) / 3 * 4;
            case L:
                return BRACES + value.l().stream().mapToLong(ItemSize::sent).sum();
            case M:
                return sent(value.m());
            default:
                return BRACES + 6;
        }
    }

    /** A text in JSON: a control character has six bytes, a quote and a backslash two. */
    private static long json(String text) {
        return utf8(text) + text.chars().filter(c -> c < ' ').count() * 5
                + text.chars().filter(c -> c == '"' || c == '\\').count();
    }

    private static long utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
