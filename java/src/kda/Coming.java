package kda;

/** What was read of a version that has no end yet. */
public final class Coming {
    public long lines;
    public long rows;
    public long wrong; // of the rows
    public long line; // the first with a wrong row, from 1
    public String first; // what is wrong with it, as a sentence
    public int blocks; // of the lines
    public int turns; // of the blocks
    public long keys; // that differ
    public long changed; // rows that were taken over

    void wrong(String message) {
        if (wrong == 0) {
            line = lines;
            first = message;
        }
        wrong++;
    }

    /** Why the version cannot be taken over, as the end of a sentence that begins with "as"; null: it can. */
    String problem() {
        if (wrong > 0) {
            return wrong + " of its " + rows + " rows are wrong, first in line " + line + ": " + first;
        }
        return rows == 0 ? "it has no row." : null;
    }
}
