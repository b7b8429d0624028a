package kinesis;

import aws.Patience;
import aws.Problem;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ConsumerDescription;
import software.amazon.awssdk.services.kinesis.model.ConsumerStatus;
import software.amazon.awssdk.services.kinesis.model.ResourceNotFoundException;

/**
 * The registered consumer of an enhanced fan-out, through which each shard has two megabytes a second for this job
 * alone. Its methods block, and try again for ever, except after what no repetition mends.
 *
 * <p>A consumer that the job manages is registered before the first shard is given out, unless it is there already, and
 * deregistered when the job ends or restarts: it costs money for as long as it is there.
 */
final class FanOutConsumer {
    private static final Logger LOG = LoggerFactory.getLogger(FanOutConsumer.class);
    private static final long BETWEEN_LOOKS = 500; // milliseconds; the service allows 20 a second

    private final KinesisAsyncClient client;
    private final StreamName stream;
    private final FanOut fanOut;
    private final Patience patience;

    FanOutConsumer(KinesisAsyncClient client, StreamName stream, FanOut fanOut) {
        this.client = client;
        this.stream = stream;
        this.fanOut = fanOut;
        this.patience = new Patience("the consumer " + fanOut.consumer + " of " + stream);
    }

    /** Registers it if the job manages it, and waits until it can be used. */
    void register() throws InterruptedException {
        if (fanOut.isManaged && patience.until(this::describedOrNull) == null) {
            String arn = streamArn();
            patience.until(
                    () -> client.registerStreamConsumer(r -> r.streamARN(arn).consumerName(fanOut.consumer)).join());
            LOG.info("Registered the consumer {} of {}.", fanOut.consumer, stream);
        }
        arn();
    }

    /** Its ARN, once it can be used. */
    String arn() throws InterruptedException {
        ConsumerDescription found = patience.until(this::described);
        while (found.consumerStatus() != ConsumerStatus.ACTIVE) {
            Thread.sleep(BETWEEN_LOOKS);
            found = patience.until(this::described);
        }
        return found.consumerARN();
    }

    /** Deregisters it if the job manages it; without waiting, and whatever comes of it. */
    void deregister() {
        if (fanOut.isManaged) {
            try {
                String arn = streamArnNow();
                client.deregisterStreamConsumer(r -> r.streamARN(arn).consumerName(fanOut.consumer)).join();
                LOG.info("Deregistered the consumer {} of {}.", fanOut.consumer, stream);
            } catch (RuntimeException e) {
                LOG.warn("The consumer {} of {} stays: {}", fanOut.consumer, stream, Problem.of(e));
            }
        }
    }

    private ConsumerDescription described() {
        String arn = streamArnNow();
        return client.describeStreamConsumer(r -> r.streamARN(arn).consumerName(fanOut.consumer))
                .join()
                .consumerDescription();
    }

    private ConsumerDescription describedOrNull() {
        String arn = streamArnNow(); // a stream that is missing is another matter
        try {
            return client.describeStreamConsumer(r -> r.streamARN(arn).consumerName(fanOut.consumer))
                    .join()
                    .consumerDescription();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ResourceNotFoundException) {
                return null;
            }
            throw e;
        }
    }

    private String streamArn() throws InterruptedException {
        return patience.until(this::streamArnNow);
    }

    private String streamArnNow() {
        return stream.arn != null
                ? stream.arn
                : client.describeStreamSummary(r -> r.streamName(stream.name))
                        .join()
                        .streamDescriptionSummary()
                        .streamARN();
    }
}
