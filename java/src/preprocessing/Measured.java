package preprocessing;

import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/** The metrics of an operator that calls a function: calls and failed ones, and what became of the records. */
final class Measured {
    private final LongAdder calls = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder ok = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** The group has them from now on, by the names that docs/preprocessing.md lists. */
    Measured(MetricGroup group) {
        MetricGroup own = group.addGroup("preprocessing");
        own.gauge("calls", (Gauge<Long>) calls::sum);
        own.gauge("failedCalls", (Gauge<Long>) failures::sum);
        own.gauge("okRecords", (Gauge<Long>) ok::sum);
        own.gauge("droppedRecords", (Gauge<Long>) dropped::sum);
        own.gauge("refusedRecords", (Gauge<Long>) refused::sum);
    }

    void called() {
        calls.increment();
    }

    void failed() {
        failures.increment();
    }

    void ended(Outcome outcome) {
        (outcome.isDropped() ? dropped : outcome.data == null ? refused : ok).increment();
    }
}
