package preprocessing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Python process that runs a handler ({@code pipeline/handler.py}): a message on its standard input is an event, one
 * on its standard output an answer. What the handler prints goes to the log.
 */
final class PythonProcess implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(PythonProcess.class);
    private static final Duration START = Duration.ofSeconds(60); // a handler may import much, on a busy machine
    private static final int LONGEST_LINE = 2_000; // characters of the log
    private static final int LONGEST_ANSWER = 6 << 20; // bytes, as of Lambda
    private static final Set<String> ENVIRONMENT = Set.of("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR");

    private final PythonHook hook;
    private final Path folder;
    private final Process process;
    private final DataOutputStream events;
    private final DataInputStream answers;
    private final Thread log;
    private final ExecutorService exchanges; // in a thread of its own, so that the wait for it can end
    private volatile String lastLine = "";
    private volatile boolean isEnded;

    /** Throws IllegalStateException with a sentence if Python or the handler does not start. */
    PythonProcess(PythonHook hook) {
        this.hook = hook;
        try {
            this.folder = Files.createTempDirectory("preprocessing-");
            this.process = started();
        } catch (IOException e) {
            throw new IllegalStateException(
                    "The Python of " + hook.name + " does not start (" + e.getMessage() + "): install one.", e);
        }
        this.events = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
        this.answers = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
        this.log = new Thread(this::log, "log of " + hook.name);
        log.setDaemon(true);
        log.start();
        this.exchanges = Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, "exchanges with " + hook.name);
            thread.setDaemon(true);
            return thread;
        });
        ready();
    }

    /** The program is no file, so that a handler may have any name; -I: the handler's folder hides no module of it. */
    private Process started() throws IOException {
        Path handler = Files.writeString(folder.resolve(hook.name), hook.handler);
        String python = Files.isExecutable(Path.of(hook.python)) ? hook.python : "python3";
        String limit = Long.toString(hook.limit.toMillis());
        ProcessBuilder builder = new ProcessBuilder(python, "-I", "-c", hook.program, handler.toString(), limit);
        builder.environment().keySet().removeIf(name -> !ENVIRONMENT.contains(name) && !name.startsWith("AWS_"));
        return builder.directory(folder.toFile()).start();
    }

    private void log() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                lastLine = line.substring(0, Math.min(line.length(), LONGEST_LINE));
                LOG.info("{}: {}", hook.name, lastLine);
            }
        } catch (IOException e) {
            LOG.debug("The output of {} ended.", hook.name, e);
        }
    }

    /** The first message says whether the handler is there. */
    private void ready() {
        try {
            within(START, this::answer);
        } catch (FunctionFailed e) {
            close();
            throw new IllegalStateException("The handler " + hook.name + " cannot be loaded: " + e.getMessage() + ".");
        }
    }

    boolean isAlive() {
        return !isEnded && process.isAlive();
    }

    /** The answer to an event; blocks, at most for the time limit, after which the process is ended. */
    byte[] call(byte[] event) throws FunctionFailed {
        return within(hook.limit, () -> {
            events.writeInt(event.length);
            events.write(event);
            events.flush();
            return answer();
        });
    }

    private byte[] answer() throws IOException, FunctionFailed {
        boolean isAnswer = answers.readByte() == 0;
        int length = answers.readInt();
        if (length < 0 || length > LONGEST_ANSWER) {
            end();
            throw FunctionFailed.answered("has over " + LONGEST_ANSWER + " bytes");
        }
        byte[] content = answers.readNBytes(length);
        if (!isAnswer) {
            throw new FunctionFailed(FunctionFailed.shown(new String(content, StandardCharsets.UTF_8)));
        }
        return content;
    }

    private interface Exchange {
        byte[] run() throws IOException, FunctionFailed;
    }

    /** What the exchange gives. At the limit the process is ended, and nothing is waited for: a child may live on. */
    private byte[] within(Duration limit, Exchange exchange) throws FunctionFailed {
        Future<byte[]> answer = exchanges.submit(exchange::run);
        try {
            return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            end();
            throw FunctionFailed.late(limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end();
            throw new FunctionFailed("the function's process was ended");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof FunctionFailed) {
                throw (FunctionFailed) e.getCause();
            }
            if (e.getCause() instanceof IOException) {
                throw new FunctionFailed(ended());
            }
            throw new IllegalStateException("The answer of " + hook.name + " cannot be read.", e.getCause());
        }
    }

    /** Ends the process and all that it started. */
    private void end() {
        isEnded = true;
        List<ProcessHandle> children = process.descendants().collect(Collectors.toList());
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    /** How the process ended; after this it has. */
    private String ended() {
        try {
            boolean isByItself = process.waitFor(1, TimeUnit.SECONDS);
            end();
            process.waitFor();
            log.join(1_000);
            String last = lastLine.isBlank() ? "" : ", after the line: " + FunctionFailed.shown(lastLine);
            return isByItself
                    ? "the function's process ended with code " + process.exitValue() + last
                    : "the function's process closed its output";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "the function's process was ended";
        }
    }

    @Override
    public void close() {
        end();
        exchanges.shutdownNow();
        try (var files = Files.walk(folder)) {
            files.sorted(java.util.Comparator.reverseOrder()).forEach(PythonProcess::delete);
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("{} stays.", folder, e);
        }
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
