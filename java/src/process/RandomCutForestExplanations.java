package process;

import com.amazon.randomcutforest.returntypes.DiVector;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.types.Row;

/**
 * The process table function {@code random_cut_forest_with_explanation(..)}: as {@code random_cut_forest}, and each
 * column's share of the score, as {@code ANOMALY_EXPLANATION}.
 *
 * <p>{@code with_directionality}, by default FALSE, adds in which direction a column is anomalous.
 */
public class RandomCutForestExplanations extends ForestFunction {
    @Override
    List<StaticArgument> furtherArguments() {
        return List.of(StaticArgument.scalar("with_directionality", DataTypes.BOOLEAN(), true));
    }

    @Override
    List<DataTypes.Field> results() {
        return List.of(RandomCutForestScores.SCORE, DataTypes.FIELD("ANOMALY_EXPLANATION", DataTypes.STRING()));
    }

    /** Score a row, explain the score, and learn the row. */
    public void eval(
            Context context,
            ListView<byte[]> snapshot,
            ListView<float[]> points,
            Row input,
            Integer trees,
            Integer sampleSize,
            Integer timeDecay,
            Integer shingleSize,
            Boolean withDirectionality)
            throws Exception {
        ForestSettings settings = ForestSettings.of(trees, sampleSize, timeDecay, shingleSize);
        boolean isDirected = withDirectionality != null && withDirectionality;
        scored(
                context,
                snapshot,
                points,
                input,
                settings,
                (forest, point, numbers) -> {
                    DiVector attribution = forest.attribution(point);
                    return Row.of(forest.score(point), Explanation.of(attribution, numbers.names(), isDirected));
                });
    }
}
