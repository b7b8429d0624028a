package kda;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.ValidationException;

/**
 * A JSONPath of those that Kinesis Data Analytics has: {@code $}, then names ({@code .name}, {@code ['name']}), numbers
 * of elements ({@code [0]}), and {@code [0:]} for each element of an array.
 */
final class Path {
    /** A step: a name, or null and the number of an element, or that for each. */
    record Step(String name, int element) {
        static final Step EACH = new Step(null, -1);

        boolean isName() {
            return name != null;
        }
    }

    final List<Step> steps;
    private final String text;

    private Path(List<Step> steps, String text) {
        this.steps = steps;
        this.text = text;
    }

    /**
     * The path of a text.
     *
     * @throws ValidationException if it is none
     */
    static Path of(String text) {
        return new Reader(text).path();
    }

    /** Whether this path goes on from the end of another. */
    boolean begins(List<Step> start) {
        return steps.size() >= start.size() && steps.subList(0, start.size()).equals(start);
    }

    boolean endsWithEach() {
        return !steps.isEmpty() && steps.get(steps.size() - 1) == Step.EACH;
    }

    /** The path without its last step. */
    Path parent() {
        return until(steps.size() - 1);
    }

    /** The path to before one of its steps, by number. */
    Path until(int step) {
        return new Path(steps.subList(0, step), text);
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }

    /** Reads one from a text. */
    private static final class Reader {
        private static final String ENDS = ".[]";

        private final String text;
        private final List<Step> steps = new ArrayList<>();
        private int at = 1; // after the $

        Reader(String text) {
            this.text = text;
        }

        Path path() {
            check(text.startsWith("$"));
            while (at < text.length()) {
                char c = text.charAt(at++);
                check(c == '.' || c == '[');
                steps.add(c == '.' ? name() : inBrackets());
            }
            return new Path(steps, text);
        }

        private Step name() {
            int start = at;
            while (at < text.length() && ENDS.indexOf(text.charAt(at)) < 0) {
                at++;
            }
            check(at > start);
            return new Step(text.substring(start, at), -1);
        }

        private Step inBrackets() {
            check(at < text.length());
            char quote = text.charAt(at);
            if (quote == '\'' || quote == '"') {
                int end = text.indexOf(quote, at + 1);
                check(end >= 0 && text.startsWith("]", end + 1));
                Step step = new Step(text.substring(at + 1, end), -1);
                at = end + 2;
                return step;
            }
            int end = text.indexOf(']', at);
            check(end >= 0);
            String inside = text.substring(at, end);
            at = end + 1;
            if (inside.equals("0:")) {
                return Step.EACH;
            }
            check(inside.matches("[0-9]{1,9}"));
            return new Step(null, Integer.parseInt(inside));
        }

        private void check(boolean holds) {
            if (!holds) {
                throw new ValidationException(
                        "A path is $ and then .name, ['name'], [0] or, for each element, [0:], not: " + text);
            }
        }
    }
}
