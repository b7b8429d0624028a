package aws;

import java.io.Serializable;
import java.time.Duration;
import software.amazon.awssdk.http.Protocol;

/** How a client's calls travel. */
public final class Http implements Serializable {
    private static final long serialVersionUID = 1L;

    /** How long an answer is waited for, unless options say otherwise; then the call is tried again. */
    public static final Duration ANSWER = Duration.ofSeconds(30);

    /** How many calls a client has open at a time, unless options say otherwise. */
    public static final int CALLS = 1_000;

    /** Without HTTP/2, which nothing but a subscription needs. */
    public static final Http PLAIN = new Http(Protocol.HTTP1_1, ANSWER, CALLS);

    final Protocol protocol;
    final Duration answer;
    final int calls;

    public Http(Protocol protocol, Duration answer, int calls) {
        this.protocol = protocol;
        this.answer = answer;
        this.calls = calls;
    }
}
