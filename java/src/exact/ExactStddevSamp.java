package exact;

/** The SQL function {@code exact_stddev_samp(DOUBLE)}. */
public class ExactStddevSamp extends ExactSpread {
    public ExactStddevSamp() {
        super(true, true);
    }
}
