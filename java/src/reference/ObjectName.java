package reference;

import static aws.AwsOptions.require;

import java.io.Serializable;

/** An object in S3 by its bucket and its key. */
final class ObjectName implements Serializable {
    private static final long serialVersionUID = 1L;

    final String bucket;
    final String key;

    /** Throws IllegalArgumentException, with a sentence. */
    ObjectName(String bucket, String key) {
        require(!bucket.isBlank(), "'bucket' is empty: name the bucket of the object.");
        require(!key.isBlank(), "'key' is empty: name the object in the bucket.");
        this.bucket = bucket;
        this.key = key;
    }

    @Override
    public String toString() {
        return "s3://" + bucket + "/" + key;
    }
}
