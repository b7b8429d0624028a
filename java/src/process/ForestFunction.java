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
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.functions.SpecializedFunction;
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
 * not learnt. Rows are taken as {@link HeldRows} does, so that the scores do not depend on parallelism. A row that comes
 * behind the watermark comes out at once, with {@code is_late} true and NULL as results, and is not learnt.
 *
 * <p>Columns: those of PARTITION BY, the others of the table, {@code is_late}, the results, {@code rowtime}.
 */
abstract class ForestFunction extends ProcessTableFunction<Row> implements SpecializedFunction {
    private static final String INPUT = "input";
    private static final Duration FOR_EVER = Duration.ZERO; // a forest whose points end one by one is none

    private final ForestSettings settings;
    private transient InputColumns columns;
    private transient NumericColumns numbers;
    private transient int[] keys;
    private transient Forests forests;

    /** settings: of the call; null for the function as it is declared. */
    ForestFunction(ForestSettings settings) {
        this.settings = settings;
    }

    /** The name in SQL. */
    abstract String name();

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
        HeldRows.declare(state);
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
        String decimal = NumericColumns.decimal(table);
        if (decimal != null) {
            throw call.newValidationError(
                    "The column %s of the table of %s is a DECIMAL: CAST it to DOUBLE to score it, to STRING if not.",
                    decimal, call.getName());
        }
        if (new NumericColumns(table).names().isEmpty()) {
            throw call.newValidationError(
                    "The table of %s has no numeric column to score: CAST one to DOUBLE.", call.getName());
        }
        return HeldRows.result(call, name(), results());
    }

    /** The results for a point. */
    abstract Row scored(LoggedForest forest, float[] point, NumericColumns numbers);

    /** Hold a row back. */
    void hold(Context context, MapView<Long, Integer> counts, MapView<Row, Row> held, Row input) throws Exception {
        if (!HeldRows.hold(context.timeContext(Long.class), counts, held, input)) {
            open(context);
            release(input, true, new Row(results().size()));
        }
    }

    /** The watermark has passed a time: score its rows, and learn them. */
    public void onTimer(
            OnTimerContext context,
            ListView<byte[]> snapshot,
            ListView<float[]> points,
            MapView<Long, Integer> counts,
            MapView<Row, Row> held)
            throws Exception {
        open(context);
        for (Row row : HeldRows.take(counts, held, context.timeContext(Long.class).time())) {
            float[] point = numbers.point(row);
            Row results = new Row(results().size());
            if (point != null) {
                LoggedForest forest = forest(Row.project(row, keys), snapshot, points);
                results = scored(forest, point, numbers);
                forest.learn(point, snapshot, points);
            }
            release(row, false, results);
        }
    }

    private void release(Row row, boolean isLate, Row results) {
        collect(Row.join(columns.values(row), Row.of(isLate), results));
    }

    private void open(Context context) {
        if (forests == null) {
            TableSemantics table = context.tableSemanticsFor(INPUT);
            columns = new InputColumns(table);
            numbers = new NumericColumns(table);
            keys = table.partitionByColumns();
            forests = new Forests(settings.size(numbers.names().size()));
        }
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
