package aws;

import static aws.Cases.equal;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;

/** Rules of the client of every service. */
public final class ClientCases {
    private static Map<String, String> profile(Path file) {
        return Map.of(
                "aws.credentials.provider", "PROFILE",
                "aws.credentials.profile.path", file.toString(),
                "aws.credentials.profile.name", "writer");
    }

    private static void write(Path file, String key, Instant when) throws Exception {
        Files.writeString(file, "[writer]\naws_access_key_id = " + key + "\naws_secret_access_key = secret\n");
        Files.setLastModifiedTime(file, FileTime.from(when));
    }

    public static void aProfileThatChangesIsReadAgain() throws Exception {
        Path file = Files.createTempFile("credentials", "");
        write(file, "before", Instant.now().minusSeconds(60));
        AwsCredentialsProvider provider = new Credentials("us-east-1", profile(file)).provider();
        equal(provider.resolveCredentials().accessKeyId(), "before");
        write(file, "after", Instant.now());
        String found = "before";
        for (int tries = 0; tries < 100 && found.equals("before"); tries++) {
            Thread.sleep(100); // the file is looked at now and then
            found = provider.resolveCredentials().accessKeyId();
        }
        Files.delete(file);
        equal(found, "after");
    }

    public static void anAnswerThatNeverComesIsTriedAgain() throws Exception {
        for (Protocol protocol : new Protocol[] {Protocol.HTTP1_1, Protocol.HTTP2}) {
            Path file = Files.createTempFile("credentials", "");
            write(file, "key", Instant.now());
            try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
                String endpoint = "http://127.0.0.1:" + silent.getLocalPort();
                Http http = new Http(protocol, Duration.ofMillis(300), 10);
                // It is not closed: with an HTTP/2 connection whose other end is silent, that takes the SDK ten seconds.
                KinesisAsyncClient client =
                        new Place("us-east-1", endpoint, profile(file)).client(KinesisAsyncClient.builder(), http);
                long begun = System.nanoTime();
                equal(problem(client).kind, Problem.Kind.PASSING);
                equal(System.nanoTime() - begun < 5_000_000_000L, true); // the SDK itself would wait for ten seconds
            }
            Files.delete(file);
        }
    }

    private static Problem problem(KinesisAsyncClient client) {
        try {
            client.listShards(request -> request.streamName("s")).join();
        } catch (CompletionException e) {
            return Problem.of(e);
        }
        throw new AssertionError("it does not fail");
    }
}
