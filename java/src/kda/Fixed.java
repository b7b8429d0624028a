package kda;

import java.math.BigDecimal;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.DecimalData;
import streaming.Decimals;

/** DECIMAL(precision, scale): a number that needs no more digits than these, zeros at its end aside. */
final class Fixed implements Conversion {
    static final int DEFAULT_PRECISION = 19;
    private static final int MAX_PRECISION = 38; // Flink's

    private final int precision;
    private final int scale;

    Fixed(int precision, int scale) {
        if (precision < 1 || precision > MAX_PRECISION || scale > precision) {
            throw new ValidationException(
                    String.format(
                            "DECIMAL(p, s) has p from 1 to %d and s from 0 to p, not: %d, %d",
                            MAX_PRECISION, precision, scale));
        }
        this.precision = precision;
        this.scale = scale;
    }

    @Override
    public Object value(JsonToken token, String text) {
        String digits = Digits.of(token, text);
        if (digits == null) {
            return null;
        }
        BigDecimal exact = Decimals.within(digits, precision, scale);
        return exact == null ? null : DecimalData.fromBigDecimal(exact, precision, scale);
    }

    @Override
    public String expected() {
        return flink();
    }

    @Override
    public String hint(JsonToken token, String text) {
        if (Digits.of(token, text) == null) {
            return null;
        }
        return "it takes " + (precision - scale) + " digits before the point and " + scale + " after it";
    }

    @Override
    public String flink() {
        return "DECIMAL(" + precision + ", " + scale + ")";
    }
}
