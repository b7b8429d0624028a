package dynamodb;

import static aws.AwsOptions.require;

import aws.AwsOptions;
import aws.RequestLimits;
import aws.SinkSettings;
import aws.SinkTableFactory;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.types.logical.RowType;

/** A table of DynamoDB to write. */
public final class DynamoDbTableFactory extends SinkTableFactory {
    private static final ConfigOption<String> TABLE =
            ConfigOptions.key("table-name").stringType().noDefaultValue();

    public DynamoDbTableFactory() {
        super(new RequestLimits(25, 16_000_000, 16_000_000, 1 << 20));
    }

    @Override
    public String factoryIdentifier() {
        return "dynamodb";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(TABLE, AwsOptions.REGION);
    }

    @Override
    protected String target(ReadableConfig options) {
        return options.get(TABLE);
    }

    @Override
    protected Sinks sinks(ReadableConfig options, Context context, SinkSettings settings, Encoders none) {
        String table = target(options);
        RowType columns = (RowType) context.getPhysicalRowDataType().getLogicalType();
        ItemKey key = new ItemKey(key(context), columns, table);
        ItemRows rows = new ItemRows(columns, key, table);
        return of -> new DynamoDbSink(rows, settings, table, key);
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
