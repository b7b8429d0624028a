package kinesis;

import java.io.Serializable;

/** Enhanced fan-out: the name of the consumer, and whether the job registers and deregisters it. */
final class FanOut implements Serializable {
    private static final long serialVersionUID = 1L;

    final String consumer;
    final boolean isManaged;

    FanOut(String consumer, boolean isManaged) {
        this.consumer = consumer;
        this.isManaged = isManaged;
    }
}
