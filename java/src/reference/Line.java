package reference;

/** A line of an object, without its line break; or a mark, such as that of a block of lines. */
final class Line {
    final byte[] content; // of a mark: its lines, or a text for people, or null
    final Mark mark; // null: of a line
    final ObjectSplit after; // what is read of the object with it

    Line(byte[] content, Mark mark, ObjectSplit after) {
        this.content = content;
        this.mark = mark;
        this.after = after;
    }
}
