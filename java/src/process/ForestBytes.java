package process;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.state.RandomCutForestMapper;
import com.amazon.randomcutforest.state.RandomCutForestState;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;

/**
 * A forest as bytes, and back: the very trees, samples and random numbers, so that the scores go on equal.
 *
 * <p>They are the library's own state classes, written by Java, which need no further library. Only these classes are
 * read.
 */
final class ForestBytes {
    private static final ObjectInputFilter OWN =
            ObjectInputFilter.Config.createFilter("com.amazon.randomcutforest.state.**;java.lang.*;java.util.*;!*");

    private ForestBytes() {}

    static byte[] of(RandomCutForest forest) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
            objects.writeObject(mapper().toState(forest));
        }
        return bytes.toByteArray();
    }

    static RandomCutForest forest(byte[] bytes) throws IOException {
        try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            objects.setObjectInputFilter(OWN);
            return mapper().toModel((RandomCutForestState) objects.readObject());
        } catch (ClassNotFoundException error) {
            throw new IOException("The forest in the state is of another version of the library.", error);
        }
    }

    private static RandomCutForestMapper mapper() {
        RandomCutForestMapper mapper = new RandomCutForestMapper();
        mapper.setSaveTreeStateEnabled(true); // without them new trees are cut, and the scores differ
        mapper.setSaveExecutorContextEnabled(true);
        return mapper;
    }
}
