package loop;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/**
 * Sums up files of readings by unicorn and minute in one loop: what the work costs without an engine.
 *
 * <p>Arguments: a folder of files with a JSON object in each line, and a new folder for the rows, two files of the same.
 */
public final class ReadingsLoop {
    private ReadingsLoop() {}

    public static void main(String[] arguments) throws IOException {
        Path output = Files.createDirectories(Path.of(arguments[1]));
        try (var stream = Files.newBufferedWriter(output.resolve("summary_stream"));
                var table = Files.newBufferedWriter(output.resolve("sensor_data"));
                var files = Files.list(Path.of(arguments[0]))) {
            OpenWindows windows = new OpenWindows(List.of(stream, table));
            for (Path file : files.sorted().toList()) {
                try (InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
                    read(bytes, windows);
                }
            }
            windows.closeAll();
        }
    }

    private static void read(InputStream bytes, OpenWindows windows) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(bytes)) {
            Reading reading = new Reading();
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                reading.read(parser);
                windows.add(reading);
            }
        }
    }
}
