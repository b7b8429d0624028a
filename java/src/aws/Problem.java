package aws;

import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;

/** What went wrong with a call, by what there is to do about it. */
public final class Problem {
    /** What there is to do. */
    public enum Kind {
        /** To try again: throttled, unavailable, no answer. */
        PASSING,
        /** To ask for another iterator: it is too old, or not of this service since that was restarted. */
        EXPIRED,
        /** The stream, the shard, the table or the object is not there. */
        MISSING,
        /** The credentials do not permit it, or there are none. */
        DENIED,
        /** The request is wrong. */
        REFUSED
    }

    private static final Set<String> DENIALS =
            Set.of(
                    "AccessDenied",
                    "AccessDeniedException",
                    "ExpiredToken",
                    "ExpiredTokenException",
                    "IncompleteSignature",
                    "InvalidClientTokenId",
                    "InvalidKMSResourceException",
                    "InvalidSignatureException",
                    "KMSAccessDeniedException",
                    "KMSDisabledException",
                    "KMSInvalidStateException",
                    "KMSNotFoundException",
                    "KMSOptInRequired",
                    "MissingAuthenticationToken",
                    "MissingAuthenticationTokenException",
                    "NotAuthorized",
                    "OptInRequired",
                    "SignatureDoesNotMatch",
                    "UnrecognizedClientException");
    // Services tell these by code 400, like what is wrong with a request.
    private static final Set<String> PASSING =
            Set.of(
                    "ExpiredNextTokenException",
                    "InternalFailure",
                    "InternalServerError",
                    "KMSThrottlingException",
                    "LimitExceededException",
                    "ProvisionedThroughputExceededException",
                    "ReplicatedWriteConflictException",
                    "RequestExpired",
                    "RequestLimitExceeded",
                    "RequestTimeTooSkewed",
                    "ResourceInUseException",
                    "ServiceUnavailable",
                    "ThrottlingException");

    private static final Set<String> ABSENCES = Set.of("NoSuchBucket", "NoSuchKey", "ResourceNotFoundException");

    private static final int LONGEST = 500; // characters of a service's words

    public final Kind kind;
    private final Throwable cause;

    private Problem(Kind kind, Throwable cause) {
        this.kind = kind;
        this.cause = cause;
    }

    public static Problem of(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null && isWrapping(cause)) {
            cause = cause.getCause();
        }
        return new Problem(kind(cause), cause);
    }

    private static boolean isWrapping(Throwable thrown) {
        return thrown instanceof CompletionException || thrown instanceof ExecutionException;
    }

    /** As what fails the job; a sentence that was made before stays as it is. */
    public static RuntimeException asFailure(Throwable thrown) {
        Problem problem = of(thrown);
        if (problem.cause instanceof RuntimeException) {
            return (RuntimeException) problem.cause;
        }
        return new IllegalStateException(problem.cause);
    }

    private static Kind kind(Throwable cause) {
        if (cause instanceof AwsServiceException) {
            return kind((AwsServiceException) cause);
        }
        if (cause instanceof SdkClientException && isWithoutCredentials(cause)) {
            return Kind.DENIED;
        }
        return cause instanceof SdkException || cause instanceof java.io.IOException ? Kind.PASSING : Kind.REFUSED;
    }

    private static Kind kind(AwsServiceException answer) {
        String code = code(answer);
        if (DENIALS.contains(code)) {
            return Kind.DENIED;
        }
        if (code.equals("ExpiredIteratorException")) {
            return Kind.EXPIRED;
        }
        if (ABSENCES.contains(code)) {
            return Kind.MISSING;
        }
        boolean isPassing = answer.statusCode() >= 500 || answer.isThrottlingException() || PASSING.contains(code);
        return isPassing ? Kind.PASSING : answer.statusCode() == 403 ? Kind.DENIED : Kind.REFUSED;
    }

    private static boolean isWithoutCredentials(Throwable cause) {
        String text = String.valueOf(cause.getMessage());
        return text.contains("load credentials") || text.contains("credentials from any of the providers");
    }

    private static String code(AwsServiceException answer) {
        String code = answer.awsErrorDetails() == null ? null : answer.awsErrorDetails().errorCode();
        return code == null ? "" : code;
    }

    public boolean isThrottling() {
        return cause instanceof AwsServiceException && ((AwsServiceException) cause).isThrottlingException();
    }

    public boolean isDenied() {
        return kind == Kind.DENIED;
    }

    /** Whether something of that name is there already, as a subscription is for a while after it was cut. */
    public boolean isInUse() {
        return code().equals("ResourceInUseException");
    }

    private String code() {
        return cause instanceof AwsServiceException ? code((AwsServiceException) cause) : "";
    }

    /** Whether no repetition mends it; of what is denied, a repetition after somebody permits it does. */
    public boolean isFinal() {
        return kind == Kind.DENIED || kind == Kind.MISSING || kind == Kind.REFUSED;
    }

    /** Whether the service says that this very shard is not there, although the stream is. */
    public boolean isMissing(String shard) {
        return kind == Kind.MISSING && reason().contains(shard);
    }

    /** The sentence. call: what was tried, such as "GetRecords of the stream wildrydes". */
    public AwsFailure failure(String call) {
        return failure(call, "");
    }

    /** hint: what may be wrong with a request that is refused, as a sentence. */
    public AwsFailure failure(String call, String hint) {
        switch (kind) {
            case DENIED:
                return failure(call, "is denied", ": give the job credentials that permit it");
            case MISSING:
                return failure(call, "finds nothing there", ": check name, region and endpoint");
            case REFUSED:
                return failure(call, "is refused", hint.isEmpty() ? "" : ": " + hint);
            default:
                return failure(call, "fails", "");
        }
    }

    private AwsFailure failure(String call, String what, String remedy) {
        return new AwsFailure(call + " " + what + " (" + reason() + ")" + remedy + ".");
    }

    private String reason() {
        String text = cause instanceof AwsServiceException ? answered((AwsServiceException) cause) : said(cause);
        // What a refused signature was made of follows, with the session's token.
        String shown = text.replaceAll("\\s+", " ").replaceAll("(?i)\\s*the canonical string for this request.*", "");
        String end = shown.length() > LONGEST ? "…" : "";
        return shown.substring(0, Math.min(shown.length(), LONGEST)).replaceAll("[.\\s]+$", "") + end;
    }

    private static String answered(AwsServiceException answer) {
        String text = answer.awsErrorDetails() == null ? null : answer.awsErrorDetails().errorMessage();
        String code = code(answer).isEmpty() ? "HTTP " + answer.statusCode() : code(answer);
        return text == null || text.isBlank() ? code : code + ": " + text;
    }

    private static String said(Throwable cause) {
        String text = cause.getMessage();
        return text == null || text.isBlank() ? cause.getClass().getSimpleName() : text;
    }

    @Override
    public String toString() {
        return reason();
    }
}
