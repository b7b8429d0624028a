package exact;

import org.apache.flink.table.functions.AggregateFunction;

/**
 * A function of DOUBLEs whose result is the exact one, rounded once to the nearest DOUBLE. It is the same in any order
 * of the values and with any split of them, and a value that has left a sliding window leaves nothing behind.
 *
 * <p>NULLs are skipped. The result is NULL without a value, if it fits no DOUBLE, and as long as a value is NaN or
 * infinite.
 */
public abstract class ExactAggregate extends AggregateFunction<Double, Total> {
    private final boolean hasSquares;

    ExactAggregate(boolean hasSquares) {
        this.hasSquares = hasSquares;
    }

    /** The result of this many finite values, one at least; NULL for none. */
    abstract Double result(Total total, long count);

    @Override
    public Total createAccumulator() {
        return new Total();
    }

    /** A value comes. */
    public void accumulate(Total total, Double value) {
        if (value != null) {
            total.add(value, hasSquares, 1);
        }
    }

    /** A value goes, as it does when a window slides on. */
    public void retract(Total total, Double value) {
        if (value != null) {
            total.add(value, hasSquares, -1);
        }
    }

    /** Parts of a window become one. */
    public void merge(Total total, Iterable<Total> others) {
        for (Total other : others) {
            total.add(other);
        }
    }

    @Override
    public Double getValue(Total total) {
        if (total.getCount() == 0 || !total.isFinite()) {
            return null;
        }
        Double result = result(total, total.getCount());
        return result == null || result.isInfinite() ? null : result;
    }
}
