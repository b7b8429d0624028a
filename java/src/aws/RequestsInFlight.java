package aws;

import org.apache.flink.connector.base.sink.writer.strategy.RateLimitingStrategy;
import org.apache.flink.connector.base.sink.writer.strategy.RequestInfo;
import org.apache.flink.connector.base.sink.writer.strategy.ResultInfo;

/**
 * A limit for the requests that are on their way or wait to be sent again; nothing else slows the sink down.
 *
 * <p>Flink's own strategy also makes requests smaller after each refusal, down to a single entry: with pauses between
 * requests, that would be slow long after the service is well again.
 */
final class RequestsInFlight implements RateLimitingStrategy {
    private final int most;
    private final int entries;
    private int inFlight;

    /** entries: of a request at most. */
    RequestsInFlight(int most, int entries) {
        this.most = most;
        this.entries = entries;
    }

    @Override
    public void registerInFlightRequest(RequestInfo request) {
        inFlight++;
    }

    @Override
    public void registerCompletedRequest(ResultInfo result) {
        inFlight--;
    }

    @Override
    public boolean shouldBlock(RequestInfo request) {
        return inFlight >= most;
    }

    @Override
    public int getMaxBatchSize() {
        return entries;
    }
}
