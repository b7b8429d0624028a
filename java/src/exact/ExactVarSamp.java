package exact;

/** The SQL function {@code exact_var_samp(DOUBLE)}. */
public class ExactVarSamp extends ExactSpread {
    public ExactVarSamp() {
        super(true, false);
    }
}
