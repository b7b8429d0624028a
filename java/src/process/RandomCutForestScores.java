package process;

import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.types.Row;

/**
 * The process table function {@code random_cut_forest(input => TABLE t PARTITION BY key ORDER BY (time, a, b), on_time
 * => DESCRIPTOR(time), uid => 'name')}: how anomalous each row is, as {@code ANOMALY_SCORE}.
 *
 * <p>Optional: PARTITION BY, {@code number_of_trees}, {@code sub_sample_size}, {@code time_decay}, {@code shingle_size}.
 */
public class RandomCutForestScores extends ForestFunction {
    static final DataTypes.Field SCORE = DataTypes.FIELD("ANOMALY_SCORE", DataTypes.DOUBLE());

    @Override
    List<StaticArgument> furtherArguments() {
        return List.of();
    }

    @Override
    List<DataTypes.Field> results() {
        return List.of(SCORE);
    }

    /** Score a row, and learn it. */
    public void eval(
            Context context,
            ListView<byte[]> snapshot,
            ListView<float[]> points,
            Row input,
            Integer trees,
            Integer sampleSize,
            Integer timeDecay,
            Integer shingleSize)
            throws Exception {
        ForestSettings settings = ForestSettings.of(trees, sampleSize, timeDecay, shingleSize);
        scored(context, snapshot, points, input, settings, (forest, point, numbers) -> Row.of(forest.score(point)));
    }
}
