package streaming;

import java.math.BigDecimal;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.types.logical.DecimalType;

/** DECIMAL(precision, scale): a JSON number that needs no more digits than these, zeros at its end aside. */
final class DecimalNumberType implements ColumnType {
    private final int precision;
    private final int scale;

    DecimalNumberType(DecimalType type) {
        precision = type.getPrecision();
        scale = type.getScale();
    }

    @Override
    public Object value(JsonToken token, String text) {
        if (!token.isNumeric()) {
            return null;
        }
        BigDecimal exact = exact(text);
        // 1e999999999 written out would fill the memory, so the digits are looked at first.
        boolean isWithin = exact != null && exact.scale() > -precision && exact.scale() <= scale;
        return isWithin ? DecimalData.fromBigDecimal(exact, precision, scale) : null; // null if it has too many
    }

    private static BigDecimal exact(String text) {
        try {
            return new BigDecimal(text).stripTrailingZeros();
        } catch (NumberFormatException | ArithmeticException e) { // an exponent beyond an int
            return null;
        }
    }

    @Override
    public String expected() {
        return "DECIMAL(" + precision + ", " + scale + ")";
    }

    @Override
    public String hint(JsonToken token, String text) {
        if (!token.isNumeric()) {
            return Numbers.hint(token, text);
        }
        return "it takes " + (precision - scale) + " digits before the point and " + scale + " after it";
    }
}
