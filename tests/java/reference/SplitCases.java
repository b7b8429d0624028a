package reference;

import static aws.Cases.equal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What is read of an object, and its blocks. */
public final class SplitCases {
    private static final Version VERSION = new Version("tag", 1, 30);

    private SplitCases() {}

    private static ObjectSplit first() {
        return ObjectSplit.of("s3://bucket/a.csv").begun(VERSION, 5_000).readBlock(10).readBlock(20).readBlock(30);
    }

    private static ObjectSplit later() {
        return first().whole().begun(VERSION, 9_000).readBlock(10).readBlock(30);
    }

    private static ObjectSplit restored(ObjectSplit split) throws IOException {
        ObjectSplitSerializer states = new ObjectSplitSerializer();
        return states.deserialize(states.getVersion(), states.serialize(split));
    }

    /** Blocks of the first version are a millisecond apart; they have no turns. */
    public static void theTimesOfTheFirst() {
        ObjectSplit begun = ObjectSplit.of("id").begun(VERSION, 5_000);
        equal(begun.since, 0L);
        equal(begun.readBlock(10).since, 0L);
        equal(begun.readBlock(10).readBlock(20).since, 1L);
        equal(first().since, 2L);
        equal(first().hasTurn(), false);
    }

    /** A first version that is begun anew has later times than what was read before. */
    public static void theTimesOfTheFirstThatIsBegunAnew() {
        ObjectSplit again = first().begun(VERSION, 6_000);
        equal(again.since, 3L);
        equal(again.readBlock(30).since, 3L);
    }

    /** A later version has one time, a turn for each block, and none when it cannot be read. */
    public static void theTurnsOfALaterVersion() {
        equal(later().since, 9_000L);
        equal(later().turned().hasTurn(), true);
        equal(later().turned().turned().hasTurn(), false);
        equal(later().turned().turned().whole().wholes, 2);
        equal(later().failed("gone", 9_000).hasTurn(), false);
        equal(later().begun(VERSION, 10_000).hasTurn(), false);
    }

    /** A state has the turns that are left. */
    public static void aStateBetweenTurns() throws IOException {
        ObjectSplit split = restored(later().turned());
        equal(split.isRead(), true);
        equal(split.hasTurn(), true);
        equal(split.turned().hasTurn(), false);
        equal(split.since, 9_000L);
        equal(split.wholes, 1);
    }

    /** The lines of a block are those that were put into it, empty ones too. */
    public static void theLinesOfABlock() {
        Block block = new Block();
        List<String> found = new ArrayList<>();
        for (String line : new String[] {"a,1", "", "b"}) {
            block.add(line.getBytes(StandardCharsets.UTF_8));
        }
        Block.lines(block.bytes()).forEach(line -> found.add(new String(line, StandardCharsets.UTF_8)));
        equal(found, List.of("a,1", "", "b"));
    }
}
