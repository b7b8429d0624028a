package exact;

import java.math.BigInteger;

/** Variance and standard deviation; those of a sample are NULL for one value. */
public abstract class ExactSpread extends ExactAggregate {
    private final boolean isSample;
    private final boolean isDeviation;

    ExactSpread(boolean isSample, boolean isDeviation) {
        super(true);
        this.isSample = isSample;
        this.isDeviation = isDeviation;
    }

    @Override
    Double result(Total total, long count) {
        long divisor = isSample ? count - 1 : count;
        if (divisor == 0) {
            return null;
        }
        Dyadic spread = total.exactSpread();
        BigInteger whole = BigInteger.valueOf(count).multiply(BigInteger.valueOf(divisor));
        return isDeviation ? spread.nearestRoot(whole) : spread.nearestQuotient(whole);
    }
}
