package aws;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;

/** How many calls failed, by what there is to do: less traffic, a permission, or patience. */
public final class CallMetrics {
    private final Counter throttled;
    private final Counter denied;
    private final Counter failed;

    public CallMetrics(MetricGroup group) {
        throttled = group.counter("numCallsThrottled", new ThreadSafeSimpleCounter());
        denied = group.counter("numCallsDenied", new ThreadSafeSimpleCounter());
        failed = group.counter("numCallsFailed", new ThreadSafeSimpleCounter());
    }

    public void failed(Problem problem) {
        (problem.isThrottling() ? throttled : problem.isDenied() ? denied : failed).inc();
    }
}
