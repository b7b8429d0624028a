package aws;

/** What a service takes in one request. */
public final class RequestLimits {
    final int entries;
    final long mostBytes;
    final long usualBytes;
    final long fewestBytes; // that an option may set: enough for most entries

    public RequestLimits(int entries, long mostBytes, long usualBytes, long fewestBytes) {
        this.entries = entries;
        this.mostBytes = mostBytes;
        this.usualBytes = usualBytes;
        this.fewestBytes = fewestBytes;
    }
}
