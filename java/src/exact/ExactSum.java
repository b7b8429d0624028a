package exact;

/** The SQL function {@code exact_sum(DOUBLE)}. */
public class ExactSum extends ExactAggregate {
    public ExactSum() {
        super(false);
    }

    @Override
    Double result(Total total, long count) {
        return total.exactSum().nearest();
    }
}
