package dynamodb;

import static aws.AwsOptions.require;

import aws.AwsOptions;
import aws.Http;
import aws.Place;
import aws.RequestLimits;
import aws.SinkOptions;
import aws.SinkSettings;
import aws.SinkTable;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.RowType;
import software.amazon.awssdk.http.Protocol;

/** A table of DynamoDB to write. Whatever is wrong with the options is one sentence. */
public final class DynamoDbTableFactory implements DynamicTableSinkFactory {
    private static final ConfigOption<String> TABLE =
            ConfigOptions.key("table-name").stringType().noDefaultValue();
    private static final RequestLimits LIMITS = new RequestLimits(25, 16_000_000, 16_000_000, 1 << 20);

    @Override
    public String factoryIdentifier() {
        return "dynamodb";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(TABLE, AwsOptions.REGION);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return SinkOptions.all();
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validateExcept(AwsOptions.CREDENTIALS);
        try {
            ReadableConfig options = helper.getOptions();
            String table = options.get(TABLE);
            Place place =
                    AwsOptions.place(
                            options.get(AwsOptions.REGION), options, context.getCatalogTable().getOptions());
            Http http = SinkOptions.http(options, Protocol.HTTP1_1);
            SinkSettings settings = SinkOptions.settings(options, LIMITS);
            RowType columns = (RowType) context.getPhysicalRowDataType().getLogicalType();
            ItemKey key = new ItemKey(key(context), columns, table);
            ItemRows rows = new ItemRows(columns, key, table);
            return new SinkTable(
                    "dynamodb " + table,
                    ChangelogMode.upsert(),
                    options.get(FactoryUtil.SINK_PARALLELISM),
                    of -> new DynamoDbSink(rows, settings, place, http, table, key));
        } catch (IllegalArgumentException e) {
            throw new ValidationException(e.getMessage());
        }
    }

    /** The columns of the table's key. */
    private static List<String> key(Context context) {
        List<String> partition = context.getCatalogTable().getPartitionKeys();
        List<String> primary =
                context.getCatalogTable()
                        .getResolvedSchema()
                        .getPrimaryKey()
                        .map(UniqueConstraint::getColumns)
                        .orElse(partition);
        require(
                primary.size() == partition.size() && partition.containsAll(primary),
                "PRIMARY KEY and PARTITIONED BY must name the same columns, the key of the table in DynamoDB.");
        require(
                partition.size() == 1 || partition.size() == 2,
                "PARTITIONED BY must name the key of the table in DynamoDB: one column or two.");
        return partition;
    }
}
