package reference;

import aws.AwsFailure;
import aws.Place;
import aws.Problem;
import java.io.Closeable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** An object in S3 that is read. */
final class S3Object implements Closeable {
    private static final int OTHER_CONTENT = 412; // the answer to If-Match

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
            return opened(client.getObject(GetObjectRequest.builder().bucket(name.bucket).key(name.key).build()), 0);
        }
        GetObjectRequest rest =
                GetObjectRequest.builder()
                        .bucket(name.bucket)
                        .key(name.key)
                        .ifMatch(version.tag)
                        .range("bytes=" + read + "-")
                        .build();
        try {
            return opened(client.getObject(rest), read);
        } catch (S3Exception e) {
            if (e.statusCode() == OTHER_CONTENT) {
                return open(null, 0);
            }
            throw e;
        }
    }

    private static Lines opened(ResponseInputStream<GetObjectResponse> content, long from) {
        GetObjectResponse answer = content.response();
        Version version =
                new Version(answer.eTag(), answer.lastModified().toEpochMilli(), from + answer.contentLength());
        return new Lines(version, from, content, content::abort);
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
