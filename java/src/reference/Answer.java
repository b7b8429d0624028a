package reference;

/** What the service says of an object that was asked for again. */
final class Answer {
    final Lines lines; // of another version; null: there is none
    final long answered; // by the service's clock, in milliseconds since 1970

    private Answer(Lines lines, long answered) {
        this.lines = lines;
        this.answered = answered;
    }

    static Answer of(Lines lines) {
        return new Answer(lines, lines.answered);
    }

    static Answer unchanged(long answered) {
        return new Answer(null, answered);
    }
}
