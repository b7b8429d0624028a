package aws;

import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.awscore.client.builder.AwsAsyncClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;

/** Where a service is, and how it is spoken to: region, endpoint, credentials. */
public final class Place implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int THREADS = 2; // of a client: they read answers, which is most of a source's work
    private static final Duration CONNECTION = Duration.ofSeconds(10);

    public final String region;
    private final String endpoint; // null: the region's own
    private final Credentials credentials;

    public Place(String region, String endpoint, Map<String, String> credentials) {
        this.region = region;
        this.endpoint = endpoint;
        this.credentials = new Credentials(region, credentials);
    }

    /** Whether the endpoint is another than the region's own. */
    public boolean hasEndpoint() {
        return endpoint != null;
    }

    /** Whether calls are encrypted. */
    public boolean isEncrypted() {
        return endpoint == null || !endpoint.startsWith("http://");
    }

    /**
     * A client of a service, which its owner closes.
     *
     * <p>It tries nothing again: whoever calls does, and so keeps to the limits of calls.
     */
    public <B extends AwsAsyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C client(B builder, Http http) {
        return built(builder.overrideConfiguration(how -> patient(how).apiCallAttemptTimeout(http.answer)), http);
    }

    /** A client for subscriptions: each is one call, which lasts for minutes. */
    public <B extends AwsAsyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C subscriber(B builder) {
        Http http = new Http(Protocol.HTTP2, Http.ANSWER, Http.CALLS);
        return built(builder.overrideConfiguration(how -> patient(how)), http);
    }

    /** A client whose calls block, for an answer that is read as it comes; silence in it is no longer than a call's. */
    public <B extends AwsSyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C blocking(B builder) {
        builder.overrideConfiguration(how -> patient(how).apiCallAttemptTimeout(Http.ANSWER))
                .httpClientBuilder(
                        UrlConnectionHttpClient.builder().connectionTimeout(CONNECTION).socketTimeout(Http.ANSWER));
        return located(builder);
    }

    private static ClientOverrideConfiguration.Builder patient(ClientOverrideConfiguration.Builder how) {
        return how.retryStrategy(AwsRetryStrategy.doNotRetry());
    }

    private <B extends AwsAsyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> C built(B builder, Http http) {
        builder.httpClientBuilder(netty(http));
        return located(builder);
    }

    private <B extends AwsClientBuilder<B, C>, C> C located(B builder) {
        builder.region(Region.of(region)).credentialsProvider(credentials.provider());
        if (endpoint != null) {
            builder.endpointOverride(URI.create(endpoint));
        }
        return builder.build();
    }

    private static NettyNioAsyncHttpClient.Builder netty(Http http) {
        return NettyNioAsyncHttpClient.builder()
                .protocol(http.protocol)
                .maxConcurrency(http.calls)
                .readTimeout(http.answer)
                .writeTimeout(http.answer)
                .eventLoopGroupBuilder(SdkEventLoopGroup.builder().numberOfThreads(THREADS));
    }
}
