package exact;

import java.math.BigInteger;

/** The SQL function {@code exact_avg(DOUBLE)}; also where the sum would fit no DOUBLE. */
public class ExactAvg extends ExactAggregate {
    public ExactAvg() {
        super(false);
    }

    @Override
    Double result(Total total, long count) {
        return total.exactSum().nearestQuotient(BigInteger.valueOf(count));
    }
}
