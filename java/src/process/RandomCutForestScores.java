package process;

import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.functions.UserDefinedFunction;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.types.Row;

/**
 * The process table function {@code random_cut_forest(input => TABLE t PARTITION BY key, on_time => DESCRIPTOR(time), uid
 * => 'name')}: how anomalous each row is, as {@code ANOMALY_SCORE}.
 *
 * <p>Optional: PARTITION BY, {@code number_of_trees}, {@code sub_sample_size}, {@code time_decay}, {@code shingle_size}.
 */
public class RandomCutForestScores extends ForestFunction {
    static final DataTypes.Field SCORE = DataTypes.FIELD("ANOMALY_SCORE", DataTypes.DOUBLE());

    /** As it is declared: the settings are those of a call. */
    public RandomCutForestScores() {
        this(null);
    }

    private RandomCutForestScores(ForestSettings settings) {
        super(settings);
    }

    @Override
    public UserDefinedFunction specialize(SpecializedContext context) {
        return new RandomCutForestScores(ForestSettings.of(context.getCallContext(), 1));
    }

    @Override
    String name() {
        return "random_cut_forest";
    }

    @Override
    List<StaticArgument> furtherArguments() {
        return List.of();
    }

    @Override
    List<DataTypes.Field> results() {
        return List.of(SCORE);
    }

    @Override
    Row scored(LoggedForest forest, float[] point, NumericColumns numbers) {
        return Row.of(forest.score(point));
    }

    /** A row, in any order. The settings are those of the call, which the function has already. */
    public void eval(
            Context context,
            ListView<byte[]> snapshot,
            ListView<float[]> points,
            MapView<Long, Integer> counts,
            MapView<Row, Row> held,
            Row input,
            Integer trees,
            Integer sampleSize,
            Integer timeDecay,
            Integer shingleSize)
            throws Exception {
        hold(context, counts, held, input);
    }
}
