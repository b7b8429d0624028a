package preprocessing;

import aws.Http;
import aws.Patience;
import aws.Problem;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.services.lambda.LambdaAsyncClient;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;

/**
 * A function of AWS Lambda. A call that the service refuses for a while (throttled, unavailable, no connection) is tried
 * again until it is carried out; what no repetition mends, such as a denial, fails the job.
 */
final class LambdaFunction implements Function {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration MORE = Duration.ofSeconds(10); // so that our own limit is the first
    private static final int CALLS = 50;
    private static final int TOO_LARGE = 413;
    private static final int CHANGING = 409; // the function is being made or updated

    private final LambdaHook hook;
    private final LambdaAsyncClient client;
    private final Patience patience;
    private volatile boolean isClosed;

    LambdaFunction(LambdaHook hook) {
        this.hook = hook;
        this.client =
                hook.place.client(
                        LambdaAsyncClient.builder(), new Http(Protocol.HTTP1_1, hook.limit.plus(MORE), CALLS));
        this.patience = new Patience(named());
    }

    private String named() {
        return "Invoke of the function " + hook.arn;
    }

    @Override
    public CompletableFuture<byte[]> call(byte[] event) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        invoke(SdkBytes.fromByteArrayUnsafe(event), answer);
        return answer;
    }

    private void invoke(SdkBytes event, CompletableFuture<byte[]> answer) {
        if (isClosed) {
            return;
        }
        try {
            send(event, answer);
        } catch (Throwable e) { // also an Error: a record without an end would hold the job up for ever
            answer.completeExceptionally(e);
        }
    }

    private void send(SdkBytes event, CompletableFuture<byte[]> answer) {
        InvokeRequest request = InvokeRequest.builder().functionName(hook.arn).payload(event).build();
        CompletableFuture<InvokeResponse> invoked = client.invoke(request);
        invoked.copy().orTimeout(hook.limit.toMillis(), TimeUnit.MILLISECONDS).whenComplete((response, thrown) -> {
            try {
                if (thrown instanceof TimeoutException) {
                    invoked.cancel(true);
                    answer.completeExceptionally(FunctionFailed.late(hook.limit));
                } else if (thrown != null) {
                    refused(event, answer, thrown);
                } else {
                    answered(response, answer);
                }
            } catch (Throwable e) {
                answer.completeExceptionally(e);
            }
        });
    }

    private void answered(InvokeResponse response, CompletableFuture<byte[]> answer) {
        synchronized (patience) {
            patience.succeeded();
        }
        byte[] payload = response.payload() == null ? new byte[0] : response.payload().asByteArrayUnsafe();
        if (response.functionError() == null) {
            answer.complete(payload);
        } else {
            answer.completeExceptionally(raised(payload));
        }
    }

    private static FunctionFailed raised(byte[] payload) {
        try {
            JsonNode error = JSON.readTree(payload);
            return FunctionFailed.raised(
                    error.path("errorType").asText("an error"), error.path("errorMessage").asText(""));
        } catch (IOException e) {
            return FunctionFailed.raised("an error", "");
        }
    }

    private void refused(SdkBytes event, CompletableFuture<byte[]> answer, Throwable thrown) {
        Problem problem = Problem.of(thrown);
        int status = status(thrown);
        if (status == TOO_LARGE) {
            answer.completeExceptionally(new FunctionFailed("Lambda takes no event of this length (" + problem + ")"));
        } else if (problem.isFinal() && status != CHANGING) {
            answer.completeExceptionally(problem.failure(named()));
        } else {
            again(event, answer, problem);
        }
    }

    private void again(SdkBytes event, CompletableFuture<byte[]> answer, Problem problem) {
        long pause;
        synchronized (patience) {
            pause = patience.failed(problem);
        }
        CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS).execute(() -> invoke(event, answer));
    }

    private static int status(Throwable thrown) {
        Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
        return cause instanceof AwsServiceException ? ((AwsServiceException) cause).statusCode() : 0;
    }

    @Override
    public void close() {
        isClosed = true;
        client.close();
    }
}
