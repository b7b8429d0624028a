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
        BigDecimal exact = Decimals.within(text, precision, scale);
        return exact == null ? null : DecimalData.fromBigDecimal(exact, precision, scale);
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
