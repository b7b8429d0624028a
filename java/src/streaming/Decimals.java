package streaming;

import java.math.BigDecimal;

/** Numbers with a fixed count of digits. */
public final class Decimals {
    private Decimals() {}

    /** The number of a text; null if it needs more digits than these, zeros at its end aside. */
    public static BigDecimal within(String text, int precision, int scale) {
        BigDecimal exact;
        try {
            exact = new BigDecimal(text).stripTrailingZeros();
        } catch (NumberFormatException | ArithmeticException e) { // an exponent beyond an int
            return null;
        }
        // 1e999999999 written out would fill the memory, so the digits are looked at first.
        boolean isWithin = exact.scale() <= scale && exact.precision() - (long) exact.scale() <= precision - scale;
        return isWithin || exact.signum() == 0 ? exact : null;
    }
}
