package exact;

/** The SQL function {@code exact_var_pop(DOUBLE)}. */
public class ExactVarPop extends ExactSpread {
    public ExactVarPop() {
        super(false, false);
    }
}
