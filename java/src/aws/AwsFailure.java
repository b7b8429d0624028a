package aws;

/** What no repetition mends, in one sentence: what, where, the remedy. It fails the job, which Flink may restart. */
public final class AwsFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public AwsFailure(String sentence) {
        super(sentence, null, false, false); // the sentence says all; a stack trace would only hide it
    }
}
