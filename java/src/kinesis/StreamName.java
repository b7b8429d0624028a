package kinesis;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which stream is meant: by its name in the account of the credentials, or by its ARN in any account. */
final class StreamName implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Pattern ARN = Pattern.compile("arn:[\\w-]+:kinesis:([\\w-]+):\\d{12}:stream/([\\w.-]+)");

    final String name;
    final String arn; // null where the name is enough

    private StreamName(String name, String arn) {
        this.name = name;
        this.arn = arn;
    }

    static StreamName named(String name) {
        return new StreamName(name, null);
    }

    /** Throws IllegalArgumentException if the text is no ARN of a stream. */
    static StreamName of(String arn) {
        return new StreamName(matched(arn).group(2), arn);
    }

    /** Of the ARN. */
    String regionOrNull() {
        return arn == null ? null : matched(arn).group(1);
    }

    private static Matcher matched(String arn) {
        Matcher matcher = ARN.matcher(arn);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + arn + "' is not the ARN of a stream, such as "
                            + "arn:aws:kinesis:us-east-1:123456789012:stream/name.");
        }
        return matcher;
    }

    /** For a request, which takes a name or an ARN: the other is null. */
    String nameOrNull() {
        return arn == null ? name : null;
    }

    String arnOrNull() {
        return arn;
    }

    @Override
    public String toString() {
        return "the stream " + name;
    }
}
