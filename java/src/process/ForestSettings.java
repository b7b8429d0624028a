package process;

import com.amazon.randomcutforest.RandomCutForest;
import java.io.Serializable;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StaticArgument;

/**
 * What a random cut forest is made with: the arguments of Kinesis Data Analytics, with its defaults and ranges; only
 * {@code timeDecay} was a BIGINT there.
 *
 * @param trees how many trees it has
 * @param sampleSize how many points each tree keeps
 * @param timeDecay after how many points half of an older sample, roughly, is replaced
 * @param shingleSize how many points in a row are one point of the forest
 */
record ForestSettings(int trees, int sampleSize, int timeDecay, int shingleSize) implements Serializable {
    /** The scores are a function of the rows alone. */
    private static final long SEED = 42;

    /** The arguments in SQL, after the table, in this order. */
    static final StaticArgument[] ARGUMENTS = {
        StaticArgument.scalar("number_of_trees", DataTypes.INT(), true),
        StaticArgument.scalar("sub_sample_size", DataTypes.INT(), true),
        StaticArgument.scalar("time_decay", DataTypes.INT(), true),
        StaticArgument.scalar("shingle_size", DataTypes.INT(), true),
    };

    private static final int[][] RANGES = {{1, 1000}, {10, 1000}, {1, Integer.MAX_VALUE}, {1, 30}};

    /** Of the values in SQL; NULL is the default. */
    static ForestSettings of(Integer trees, Integer sampleSize, Integer timeDecay, Integer shingleSize) {
        return new ForestSettings(
                trees == null ? 100 : trees,
                sampleSize == null ? 256 : sampleSize,
                timeDecay == null ? 100_000 : timeDecay,
                shingleSize == null ? 1 : shingleSize);
    }

    /** Of a call whose arguments begin at this place. */
    static ForestSettings of(CallContext call, int first) {
        return of(value(call, first), value(call, first + 1), value(call, first + 2), value(call, first + 3));
    }

    private static Integer value(CallContext call, int place) {
        return call.isArgumentNull(place) ? null : call.getArgumentValue(place, Integer.class).orElseThrow();
    }

    /** Refuse a call whose arguments, which begin at this place, are not literals in their ranges. */
    static void check(CallContext call, int first) {
        for (int number = 0; number < ARGUMENTS.length; number++) {
            int place = first + number;
            if (call.isArgumentNull(place)) {
                continue;
            }
            String name = ARGUMENTS[number].getName();
            if (!call.isArgumentLiteral(place)) {
                throw call.newValidationError("%s of %s is no whole number that is written out.", name, call.getName());
            }
            int value = call.getArgumentValue(place, Integer.class).orElseThrow();
            int[] range = RANGES[number];
            if (value < range[0] || value > range[1]) {
                throw call.newValidationError(
                        "%s of %s is %s, and has to be %s to %s.", name, call.getName(), value, range[0], range[1]);
            }
        }
    }

    /** A forest that has not learnt anything. columns: how many numbers a row has. */
    RandomCutForest planted(int columns) {
        return RandomCutForest.builder()
                .dimensions(columns * shingleSize)
                .shingleSize(shingleSize)
                .internalShinglingEnabled(shingleSize > 1)
                .numberOfTrees(trees)
                .sampleSize(sampleSize)
                .timeDecay(1.0 / timeDecay)
                .randomSeed(SEED)
                .build();
    }

    /** Whether a forest was made with these settings. */
    boolean made(RandomCutForest forest, int columns) {
        return forest.getNumberOfTrees() == trees
                && forest.getSampleSize() == sampleSize
                && forest.getTimeDecay() == 1.0 / timeDecay
                && forest.getShingleSize() == shingleSize
                && forest.getDimensions() == columns * shingleSize;
    }

    /** The numbers that the samples of a forest hold, by which its size in memory grows. */
    long size(int columns) {
        return (long) trees * sampleSize * (2 + (long) columns * shingleSize);
    }
}
