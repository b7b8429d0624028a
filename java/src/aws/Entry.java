package aws;

import java.io.Serializable;

/** What a row becomes: a part of a request. */
public interface Entry extends Serializable {
    /** Bytes as the service counts them, for the limit of a request. */
    long bytes();
}
