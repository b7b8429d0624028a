package process;

import com.amazon.randomcutforest.returntypes.DiVector;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.functions.UserDefinedFunction;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.types.Row;

/**
 * The process table function {@code random_cut_forest_with_explanation(..)}: as {@code random_cut_forest}, and each
 * column's share of the score, as {@code ANOMALY_EXPLANATION}.
 *
 * <p>{@code with_directionality}, by default FALSE, adds in which direction a column is anomalous.
 */
public class RandomCutForestExplanations extends ForestFunction {
    private static final int WITH_DIRECTIONALITY = 1 + ForestSettings.ARGUMENTS.length; // its place

    private final boolean isDirected;

    /** As it is declared: the settings are those of a call. */
    public RandomCutForestExplanations() {
        this(null, false);
    }

    private RandomCutForestExplanations(ForestSettings settings, boolean isDirected) {
        super(settings);
        this.isDirected = isDirected;
    }

    @Override
    public UserDefinedFunction specialize(SpecializedContext context) {
        CallContext call = context.getCallContext();
        boolean asked = !call.isArgumentNull(WITH_DIRECTIONALITY)
                && call.getArgumentValue(WITH_DIRECTIONALITY, Boolean.class).orElseThrow();
        return new RandomCutForestExplanations(ForestSettings.of(call, 1), asked);
    }

    @Override
    String name() {
        return "random_cut_forest_with_explanation";
    }

    @Override
    List<StaticArgument> furtherArguments() {
        return List.of(StaticArgument.scalar("with_directionality", DataTypes.BOOLEAN(), true));
    }

    @Override
    List<DataTypes.Field> results() {
        return List.of(RandomCutForestScores.SCORE, DataTypes.FIELD("ANOMALY_EXPLANATION", DataTypes.STRING()));
    }

    @Override
    Row scored(LoggedForest forest, float[] point, NumericColumns numbers) {
        DiVector attribution = forest.attribution(point);
        return Row.of(forest.score(point), Explanation.of(attribution, numbers.names(), isDirected));
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
            Integer shingleSize,
            Boolean withDirectionality)
            throws Exception {
        hold(context, counts, held, input);
    }
}
