package exact;

/**
 * What a function knows of its values: their count, exact sum and, where it needs it, exact sum of squares. The order in
 * which values come and go leaves no trace. Flink keeps the four fields as columns and reads them through the methods.
 *
 * <p>A sum has the digits between its first and its last one: 13 bytes for a million values such as 21.3, and 280 at
 * most; a sum of squares has twice as many.
 */
public class Total {
    private long count;
    private long infinite;
    private byte[] sum;
    private byte[] squares;

    private transient Dyadic exactSum = Dyadic.ZERO;
    private transient Dyadic exactSquares = Dyadic.ZERO;

    /** Adds a value, or takes it away. */
    void add(double value, boolean hasSquares, int sign) {
        if (!Double.isFinite(value)) {
            infinite += sign;
            return;
        }
        count += sign;
        Dyadic exact = Dyadic.of(value);
        exactSum = sign > 0 ? exactSum.plus(exact) : exactSum.minus(exact);
        if (hasSquares) {
            Dyadic square = exact.times(exact);
            exactSquares = sign > 0 ? exactSquares.plus(square) : exactSquares.minus(square);
        }
    }

    void add(Total other) {
        count += other.count;
        infinite += other.infinite;
        exactSum = exactSum.plus(other.exactSum);
        exactSquares = exactSquares.plus(other.exactSquares);
    }

    /** Whether all values are finite numbers. */
    boolean isFinite() {
        return infinite == 0;
    }

    Dyadic exactSum() {
        return exactSum;
    }

    /** The variance times the square of the count. */
    Dyadic exactSpread() {
        return exactSquares.times(count).minus(exactSum.times(exactSum));
    }

    /** How many finite numbers there are. */
    public long getCount() {
        return count;
    }

    public void setCount(long count) {
        this.count = count;
    }

    /** How many values are NaN or infinite. */
    public long getInfinite() {
        return infinite;
    }

    public void setInfinite(long infinite) {
        this.infinite = infinite;
    }

    public byte[] getSum() {
        return exactSum.bytes();
    }

    public void setSum(byte[] sum) {
        exactSum = Dyadic.of(sum);
    }

    public byte[] getSquares() {
        return exactSquares.bytes();
    }

    public void setSquares(byte[] squares) {
        exactSquares = Dyadic.of(squares);
    }
}
