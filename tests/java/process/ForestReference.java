package process;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * Scores by the library itself, without Flink and without this project's classes.
 *
 * <p>Arguments: trees, sample size, time decay, shingle size, columns. Each line of the input is a point, its numbers
 * separated by blanks; each line of the output is its score, then high and low of each dimension.
 */
public final class ForestReference {
    private ForestReference() {}

    public static void main(String[] arguments) throws Exception {
        int[] given = Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray();
        RandomCutForest forest =
                RandomCutForest.builder()
                        .numberOfTrees(given[0])
                        .sampleSize(given[1])
                        .timeDecay(1.0 / given[2])
                        .shingleSize(given[3])
                        .internalShinglingEnabled(given[3] > 1)
                        .dimensions(given[3] * given[4])
                        .randomSeed(42)
                        .build();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        StringBuilder text = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            double[] point = Arrays.stream(line.split(" ")).mapToDouble(Double::parseDouble).toArray();
            DiVector attribution = forest.getAnomalyAttribution(point);
            double score = forest.getAnomalyScore(point);
            forest.update(point);
            DoubleStream shares = DoubleStream.concat(DoubleStream.of(attribution.high), DoubleStream.of(attribution.low));
            text.append(score);
            shares.forEach(share -> text.append(' ').append(share));
            text.append('\n');
        }
        System.out.print(text);
    }
}
