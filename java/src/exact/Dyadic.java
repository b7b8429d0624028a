package exact;

import java.math.BigInteger;
import java.util.Arrays;

/** A number that is a whole count of units of a power of two, as each finite DOUBLE, their sums and products are. */
final class Dyadic {
    static final Dyadic ZERO = new Dyadic(BigInteger.ZERO, 0);

    private static final int EXPONENT_BYTES = 2;
    private static final int PRECISION = 53; // bits of a DOUBLE
    private static final int SMALLEST = -1074; // the exponent of its smallest unit
    private static final int SURPLUS = PRECISION + 11; // bits of a result before it is rounded

    private final BigInteger units;
    private final int exponent;

    private Dyadic(BigInteger units, int exponent) {
        this.units = units;
        this.exponent = exponent;
    }

    /** The number of a finite DOUBLE; both zeros are zero. */
    static Dyadic of(double value) {
        long bits = Double.doubleToRawLongBits(value);
        long fraction = bits & ((1L << (PRECISION - 1)) - 1);
        int exponent = Math.getExponent(value);
        if (exponent < Double.MIN_EXPONENT) {
            exponent = Double.MIN_EXPONENT; // a subnormal number has no leading bit
        } else {
            fraction |= 1L << (PRECISION - 1);
        }
        if (fraction == 0) {
            return ZERO;
        }
        int zeros = Long.numberOfTrailingZeros(fraction);
        fraction >>= zeros;
        return new Dyadic(BigInteger.valueOf(bits < 0 ? -fraction : fraction), exponent - (PRECISION - 1) + zeros);
    }

    /** The number that {@link #bytes} wrote. */
    static Dyadic of(byte[] bytes) {
        if (bytes == null || bytes.length == 0) {
            return ZERO;
        }
        int exponent = (short) ((bytes[0] & 0xff) << 8 | bytes[1] & 0xff);
        return new Dyadic(new BigInteger(bytes, EXPONENT_BYTES, bytes.length - EXPONENT_BYTES), exponent);
    }

    /** The exponent in two bytes, then the units, as few as there can be; nothing for zero. */
    byte[] bytes() {
        if (units.signum() == 0) {
            return new byte[0];
        }
        // What has left a sum leaves no digits behind.
        int zeros = units.getLowestSetBit();
        byte[] digits = units.shiftRight(zeros).toByteArray();
        int shown = exponent + zeros;
        byte[] bytes = new byte[EXPONENT_BYTES + digits.length];
        bytes[0] = (byte) (shown >> 8);
        bytes[1] = (byte) shown;
        System.arraycopy(digits, 0, bytes, EXPONENT_BYTES, digits.length);
        return bytes;
    }

    Dyadic plus(Dyadic other) {
        if (units.signum() == 0) {
            return other;
        }
        int apart = exponent - other.exponent;
        return apart >= 0
                ? new Dyadic(units.shiftLeft(apart).add(other.units), other.exponent)
                : new Dyadic(units.add(other.units.shiftLeft(-apart)), exponent);
    }

    Dyadic minus(Dyadic other) {
        return plus(new Dyadic(other.units.negate(), other.exponent));
    }

    Dyadic times(Dyadic other) {
        return new Dyadic(units.multiply(other.units), exponent + other.exponent);
    }

    Dyadic times(long factor) {
        return new Dyadic(units.multiply(BigInteger.valueOf(factor)), exponent);
    }

    /** The DOUBLE nearest to it, of two the even one; infinite if it is larger than all of them. */
    double nearest() {
        BigInteger rounded = units.abs();
        int power = exponent;
        int dropped = Math.max(rounded.bitLength() - PRECISION, SMALLEST - power);
        if (dropped > 0) {
            boolean isUp = rounded.testBit(dropped - 1)
                    && (rounded.testBit(dropped) || rounded.getLowestSetBit() < dropped - 1);
            rounded = rounded.shiftRight(dropped);
            rounded = isUp ? rounded.add(BigInteger.ONE) : rounded;
            power += dropped;
        }
        double size = Math.scalb(rounded.doubleValue(), power);
        return units.signum() < 0 ? -size : size;
    }

    /** The DOUBLE nearest to the quotient by a positive number. */
    double nearestQuotient(BigInteger divisor) {
        return quotient(divisor, Math.max(0, SURPLUS - units.bitLength() + divisor.bitLength())).nearest();
    }

    /** The DOUBLE nearest to the square root of the quotient; the number is not negative, the divisor is positive. */
    double nearestRoot(BigInteger divisor) {
        int shift = Math.max(0, 2 * SURPLUS - units.bitLength() + divisor.bitLength());
        shift += (exponent - shift) & 1; // half of an even exponent is whole
        Dyadic square = quotient(divisor, shift);
        BigInteger[] root = square.units.sqrtAndRemainder();
        return marked(root[0], root[1].signum() != 0, square.exponent / 2).nearest();
    }

    /** The quotient to so many more bits, with a mark if it goes on. */
    private Dyadic quotient(BigInteger divisor, int shift) {
        BigInteger[] parts = units.abs().shiftLeft(shift).divideAndRemainder(divisor);
        Dyadic size = marked(parts[0], parts[1].signum() != 0, exponent - shift);
        return units.signum() < 0 ? ZERO.minus(size) : size;
    }

    /** Two more bits, of which the last one says that there are others behind: so it is rounded as the whole would be. */
    private static Dyadic marked(BigInteger size, boolean goesOn, int exponent) {
        BigInteger longer = size.shiftLeft(2);
        return new Dyadic(goesOn ? longer.setBit(0) : longer, exponent - 2);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Dyadic && Arrays.equals(bytes(), ((Dyadic) other).bytes());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes());
    }
}
