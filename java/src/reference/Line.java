package reference;

/** A line of an object, without its line break. */
final class Line {
    final byte[] content;
    final long end; // how many bytes of the object are read with it
    final Version version;

    Line(byte[] content, long end, Version version) {
        this.content = content;
        this.end = end;
        this.version = version;
    }
}
