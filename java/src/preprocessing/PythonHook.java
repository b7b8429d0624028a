package preprocessing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A handler in Python. Its text travels with the job, as the SQL does: the machine that runs the job need not have the
 * file, only a Python.
 */
final class PythonHook implements Hook {
    private static final long serialVersionUID = 1L;

    final String python; // the interpreter's path
    final String name; // the handler's file, for messages
    final String program; // the text of the program that runs the handler
    final String handler; // the text of the handler's file
    final Duration limit;

    /** Throws IllegalArgumentException for a file that cannot be read, with a sentence. */
    PythonHook(String python, String program, String handler, Duration limit) {
        this.python = python;
        this.name = Path.of(handler).getFileName().toString();
        this.program = text(program);
        this.handler = text(handler);
        this.limit = limit;
    }

    private static String text(String path) {
        try {
            return Files.readString(Path.of(path), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalArgumentException(path + " cannot be read as UTF-8 (" + e + ").");
        }
    }

    @Override
    public Function open() {
        return new PythonFunction(this);
    }

    @Override
    public String home() {
        return ":000000000000";
    }
}
