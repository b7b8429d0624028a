package reference;

import java.util.Arrays;

/** What a row of a table says that is no line: of an object that is read again and again, its versions begin and end. */
public enum Mark {
    /** The lines of a version follow. A version that was begun before, and has no end, counts for nothing. */
    BEGIN,
    /** The row has lines: a {@link Block}. */
    LINES,
    /** All lines of a later version were sent: the next block of them may be applied. There is a turn for each block. */
    TURN,
    /** The version is whole. */
    END,
    /** Up to its time, the object has no other version. */
    ASKED,
    /** The object cannot be read; the line says why, as the beginning of a sentence. */
    FAILED;

    /** The mark of this name; null: it is none. */
    public static Mark of(String name) {
        return Arrays.stream(values()).filter(mark -> mark.name().equals(name)).findFirst().orElse(null);
    }
}
