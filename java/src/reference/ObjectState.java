package reference;

/** What was emitted of an object. */
final class ObjectState {
    private ObjectSplit split;

    ObjectState(ObjectSplit split) {
        this.split = split;
    }

    void emitted(Line line) {
        split = line.after;
    }

    ObjectSplit split() {
        return split;
    }
}
