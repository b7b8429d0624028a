package exact;

/** The SQL function {@code exact_stddev_pop(DOUBLE)}. */
public class ExactStddevPop extends ExactSpread {
    public ExactStddevPop() {
        super(false, true);
    }
}
