package preprocessing;

import java.io.Serializable;

/** Where a function is; each subtask opens it for itself. */
interface Hook extends Serializable {
    /** Throws a RuntimeException with a sentence if the function cannot be used at all. */
    Function open();

    /** The account and the region of ARNs in events, as ARNs have them: region, colon, account. */
    String home();
}
