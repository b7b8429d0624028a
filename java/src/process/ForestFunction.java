package process;

import static org.apache.flink.table.types.inference.StaticArgumentTrait.OPTIONAL_PARTITION_BY;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.REQUIRE_ON_TIME;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.SET_SEMANTIC_TABLE;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.TABLE;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * What the functions over a random cut forest share: a forest for each partition, or one for all rows, that scores a
 * row and then learns it.
 *
 * <p>Its point is the numeric columns of the row. A row with a NULL or an infinite number among them gets NULL, and is
 * not learnt. Rows come in the order of ORDER BY, so that the scores do not depend on parallelism.
 *
 * <p>Columns: those of PARTITION BY, the others of the table, the results, {@code rowtime}.
 */
abstract class ForestFunction extends ProcessTableFunction<Row> {
    private static final String INPUT = "input";
    private static final Duration FOR_EVER = Duration.ZERO; // a forest whose points end one by one is none

    private transient InputColumns columns;
    private transient NumericColumns numbers;
    private transient int[] keys;
    private transient ForestSettings settings;
    private transient Forests forests;

    /** The arguments after those of the forest. */
    abstract List<StaticArgument> furtherArguments();

    /** The columns that are added to those of the table. */
    abstract List<DataTypes.Field> results();

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        List<StaticArgument> arguments = new ArrayList<>();
        arguments.add(
                StaticArgument.table(
                        INPUT,
                        Row.class,
                        false,
                        EnumSet.of(TABLE, SET_SEMANTIC_TABLE, OPTIONAL_PARTITION_BY, REQUIRE_ON_TIME)));
        arguments.addAll(List.of(ForestSettings.ARGUMENTS));
        arguments.addAll(furtherArguments());
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put("snapshot", list(DataTypes.BYTES().notNull()));
        state.put("points", list(DataTypes.ARRAY(DataTypes.FLOAT().notNull()).bridgedTo(float[].class)));
        return TypeInference.newBuilder()
                .staticArguments(arguments)
                .stateTypeStrategies(state)
                .outputTypeStrategy(call -> Optional.of(output(call)))
                .build();
    }

    private static StateTypeStrategy list(DataType element) {
        return StateTypeStrategy.of(call -> Optional.of(ListView.newListViewDataType(element)), FOR_EVER);
    }

    private DataType output(CallContext call) {
        ForestSettings.check(call, 1);
        TableSemantics table = call.getTableSemantics(0).orElseThrow();
        if (new NumericColumns(table).names().isEmpty()) {
            throw call.newValidationError(
                    "The table of %s has no numeric column to score: CAST one to DOUBLE, as DECIMAL is not taken.",
                    call.getName());
        }
        if (table.orderByColumns().length == 0) {
            throw call.newValidationError(
                    "The table of %s has no ORDER BY (time, numbers), without which scores depend on who comes first.",
                    call.getName());
        }
        List<DataTypes.Field> fields = new ArrayList<>(new InputColumns(table).fields());
        List<String> names = DataType.getFieldNames(table.dataType());
        for (DataTypes.Field result : results()) {
            if (names.contains(result.getName())) {
                throw call.newValidationError(
                        "The table of %s has a column %s, which is the name of the result: give it another name.",
                        call.getName(), result.getName());
            }
            fields.add(result);
        }
        return DataTypes.ROW(fields);
    }

    /** Whatever is asked for of a point. */
    interface Scoring {
        Row of(LoggedForest forest, float[] point, NumericColumns numbers);
    }

    /** Score a row, and learn it. */
    void scored(
            Context context,
            ListView<byte[]> snapshot,
            ListView<float[]> points,
            Row input,
            ForestSettings asked,
            Scoring scoring)
            throws Exception {
        if (forests == null) {
            open(context.tableSemanticsFor(INPUT), asked);
        }
        float[] point = numbers.point(input);
        Row results = new Row(results().size());
        if (point != null) {
            LoggedForest forest = forest(Row.project(input, keys), snapshot, points);
            results = scoring.of(forest, point, numbers);
            forest.learn(point, snapshot, points);
        }
        collect(Row.join(columns.values(input), results));
    }

    private void open(TableSemantics table, ForestSettings asked) {
        columns = new InputColumns(table);
        numbers = new NumericColumns(table);
        keys = table.partitionByColumns();
        settings = asked;
        forests = new Forests(settings.size(numbers.names().size()));
    }

    private LoggedForest forest(Row key, ListView<byte[]> snapshot, ListView<float[]> points) throws Exception {
        LoggedForest forest = forests.get(key);
        if (forest == null) {
            forest = LoggedForest.restored(settings, numbers.names().size(), snapshot, points);
            forests.put(key, forest);
        }
        return forest;
    }
}
