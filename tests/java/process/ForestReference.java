package process;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * Scores by the library itself, without Flink and without this project's classes.
 *
 * <p>Arguments: a file, trees, sample size, time decay, shingle size, columns. Each line of the file is a point, its
 * numbers separated by blanks; each line of the output is its score, then high and low of each dimension.
 */
public final class ForestReference {
    private ForestReference() {}

    public static void main(String[] arguments) throws Exception {
        int[] given = Arrays.stream(arguments).skip(1).mapToInt(Integer::parseInt).toArray();
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
        StringBuilder text = new StringBuilder();
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
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
