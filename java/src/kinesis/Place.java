package kinesis;

import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.awscore.client.builder.AwsAsyncClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.regions.Region;

/** Where a service is, and how it is spoken to: region, endpoint, credentials. */
final class Place implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Duration ANSWER = Duration.ofSeconds(30); // after which a call is tried again
    private static final int THREADS = 2; // of a client: they read answers, which is most of a source's work
    private static final int CONNECTIONS = 1_000;

    final String region;
    private final String endpoint; // null: the region's own
    private final Credentials credentials;

    Place(String region, String endpoint, Map<String, String> credentials) {
        this.region = region;
        this.endpoint = endpoint;
        this.credentials = new Credentials(region, credentials);
    }

    /**
     * A client of a service, which its owner closes.
     *
     * <p>It tries nothing again: whoever calls does, and so keeps to the limits of calls. Without HTTP/2, which nothing
     * but a subscription needs.
     */
    <B extends AwsAsyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C client(B builder, Protocol protocol) {
        return built(builder.overrideConfiguration(how -> patient(how).apiCallAttemptTimeout(ANSWER)), protocol);
    }

    /** A client for subscriptions: each is one call, which lasts for minutes. */
    <B extends AwsAsyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C subscriber(B builder) {
        return built(builder.overrideConfiguration(how -> patient(how)), Protocol.HTTP2);
    }

    private static ClientOverrideConfiguration.Builder patient(ClientOverrideConfiguration.Builder how) {
        return how.retryStrategy(AwsRetryStrategy.doNotRetry());
    }

    private <B extends AwsAsyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C built(B builder, Protocol protocol) {
        builder.region(Region.of(region))
                .credentialsProvider(credentials.provider())
                .httpClientBuilder(http(protocol));
        if (endpoint != null) {
            builder.endpointOverride(URI.create(endpoint));
        }
        return builder.build();
    }

    private static NettyNioAsyncHttpClient.Builder http(Protocol protocol) {
        return NettyNioAsyncHttpClient.builder()
                .protocol(protocol)
                .maxConcurrency(CONNECTIONS)
                .eventLoopGroupBuilder(SdkEventLoopGroup.builder().numberOfThreads(THREADS));
    }
}
