package reference;

/** What an object held when it was opened: another content has another tag. It never changes. */
final class Version {
    final String tag;
    final long modified; // when it was written, in milliseconds since 1970
    final long bytes; // of the whole object

    Version(String tag, long modified, long bytes) {
        this.tag = tag;
        this.modified = modified;
        this.bytes = bytes;
    }
}
