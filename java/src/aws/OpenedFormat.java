package aws;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.UserCodeClassLoader;

/** The format of a source's table, which its reader opens before the first record. */
public final class OpenedFormat {
    private OpenedFormat() {}

    /** The format, opened for this reader. Throws IllegalStateException if it does not start. */
    public static <T> DeserializationSchema<T> of(DeserializationSchema<T> format, SourceReaderContext context) {
        try {
            format.open(
                    new DeserializationSchema.InitializationContext() {
                        @Override
                        public MetricGroup getMetricGroup() {
                            return context.metricGroup().addGroup("deserializer");
                        }

                        @Override
                        public UserCodeClassLoader getUserCodeClassLoader() {
                            return context.getUserCodeClassLoader();
                        }
                    });
        } catch (Exception e) {
            throw new IllegalStateException("The table's format does not start.", e);
        }
        return format;
    }
}
