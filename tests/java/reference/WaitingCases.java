package reference;

import static aws.Cases.equal;

import java.io.IOException;
import java.util.List;

/** The state of the coordinator of reference data. */
public final class WaitingCases {
    private static final ObjectName NAME = new ObjectName("bucket", "a/b.csv");

    private WaitingCases() {}

    private static List<ObjectSplit> restored(boolean wasRefreshed, boolean isRefreshed) throws IOException {
        WaitingSerializer before = new WaitingSerializer(NAME, wasRefreshed);
        byte[] state = before.serialize(List.of(ObjectSplit.of(NAME.toString())));
        return new WaitingSerializer(NAME, isRefreshed).deserialize(before.getVersion(), state);
    }

    public static void anObjectThatWaitsIsRestored() throws IOException {
        for (boolean isRefreshed : new boolean[] {false, true}) {
            equal(restored(isRefreshed, isRefreshed).size(), 1);
        }
        equal(restored(true, false).get(0).splitId(), NAME.toString());
    }

    public static void aStateOfOneReadingIsNotRefreshed() throws IOException {
        try {
            restored(false, true);
        } catch (IOException refused) {
            equal(refused.getMessage().startsWith("The state is of a job that read s3://bucket/a/b.csv once,"), true);
            return;
        }
        throw new AssertionError("it was restored");
    }
}
