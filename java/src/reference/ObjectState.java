package reference;

/** What was emitted of an object. */
final class ObjectState {
    private final String id;
    private Version version;
    private long read;

    ObjectState(ObjectSplit split) {
        id = split.id;
        version = split.version;
        read = split.read;
    }

    void emitted(Line line) {
        version = line.version;
        read = line.end;
    }

    ObjectSplit split() {
        return new ObjectSplit(id, version, read);
    }
}
