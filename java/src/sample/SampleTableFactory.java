package sample;

import aws.SinkTable;
import java.util.Set;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;

/** A table that keeps a sample of what is written to it, in memory, for the program that runs the job in its own JVM. */
public final class SampleTableFactory implements DynamicTableSinkFactory {
    private static final ConfigOption<String> NAME =
            ConfigOptions.key("name").stringType().noDefaultValue();
    private static final ConfigOption<Integer> ROWS =
            ConfigOptions.key("rows").intType().noDefaultValue();

    @Override
    public String factoryIdentifier() {
        return "sample";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(NAME, ROWS, FactoryUtil.FORMAT);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of();
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        EncodingFormat<SerializationSchema<RowData>> format =
                helper.discoverEncodingFormat(SerializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        ReadableConfig options = helper.getOptions();
        return new SinkTable(
                "sample " + options.get(NAME),
                ChangelogMode.all(),
                null,
                at ->
                        new SampleSink(
                                format.createRuntimeEncoder(at, context.getPhysicalRowDataType()),
                                options.get(NAME),
                                options.get(ROWS)));
    }
}
