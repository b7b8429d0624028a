package reference;

import aws.AwsFailure;
import aws.Place;
import aws.Problem;
import java.io.Closeable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.utils.DateUtils;

/** An object in S3 that is read. */
final class S3Object implements Closeable {
    private static final int OTHER_CONTENT = 412; // the answer to If-Match
    private static final int SAME_CONTENT = 304; // the answer to If-None-Match

    final ObjectName name;
    private final S3Client client;

    S3Object(Place place, ObjectName name) {
        // By its path, a bucket is found at any endpoint; a bucket's name before the host's needs a name server for it.
        this.client = place.blocking(S3Client.builder().forcePathStyle(place.hasEndpoint()));
        this.name = name;
    }

    /**
     * The lines after this place of this version; of the whole object, if the version is null or no longer there.
     *
     * <p>Throws SdkException, once: whoever calls tries again.
     */
    Lines open(Version version, long read) {
        if (version == null || read == 0) {
            return opened(client.getObject(request().build()), 0);
        }
        GetObjectRequest rest =
                request().ifMatch(version.tag).range("bytes=" + read + "-").build();
        try {
            return opened(client.getObject(rest), read);
        } catch (S3Exception e) {
            if (e.statusCode() == OTHER_CONTENT) {
                return open(null, 0);
            }
            throw e;
        }
    }

    /**
     * What is there now, beside this version; null: whatever is there.
     *
     * <p>Throws SdkException, once: whoever calls tries again.
     */
    Answer ask(Version known) {
        if (known == null) {
            return Answer.of(open(null, 0));
        }
        try {
            Lines lines = opened(client.getObject(request().ifNoneMatch(known.tag).build()), 0);
            if (!lines.version.tag.equals(known.tag)) {
                return Answer.of(lines);
            }
            lines.close();
            return Answer.unchanged(lines.answered);
        } catch (S3Exception e) {
            if (e.statusCode() == SAME_CONTENT) {
                return Answer.unchanged(answered(e));
            }
            throw e;
        }
    }

    /** When the service refused a call, by its clock; by that of this machine without an answer. */
    static long answered(Throwable refused) {
        boolean isAnswer = refused instanceof S3Exception && ((S3Exception) refused).awsErrorDetails() != null;
        SdkHttpResponse answer = isAnswer ? ((S3Exception) refused).awsErrorDetails().sdkHttpResponse() : null;
        return answer == null ? System.currentTimeMillis() : answered(answer);
    }

    private GetObjectRequest.Builder request() {
        return GetObjectRequest.builder().bucket(name.bucket).key(name.key);
    }

    private static long answered(SdkHttpResponse answer) {
        return answer.firstMatchingHeader("Date").map(S3Object::milliseconds).orElseGet(System::currentTimeMillis);
    }

    private static long milliseconds(String date) {
        return DateUtils.parseRfc822Date(date).toEpochMilli();
    }

    private static Lines opened(ResponseInputStream<GetObjectResponse> content, long from) {
        GetObjectResponse answer = content.response();
        Version version =
                new Version(answer.eTag(), answer.lastModified().toEpochMilli(), from + answer.contentLength());
        return new Lines(version, answered(answer.sdkHttpResponse()), from, content, content::abort);
    }

    /** What fails the job, for a problem that no repetition mends. */
    AwsFailure failure(Problem problem) {
        if (problem.isDenied()) {
            // Without permission to list the bucket, nobody learns that an object is missing.
            return new AwsFailure(
                    call() + " is denied (" + problem + "): allow the job s3:GetObject on it, and see that the object "
                            + "exists, as S3 denies a missing one too.");
        }
        return problem.failure(call());
    }

    String call() {
        return "GetObject of " + name;
    }

    @Override
    public void close() {
        client.close();
    }
}
