package streaming;

/** What is often sent in place of JSON in UTF-8, by its first bytes. None of these begins a JSON object. */
enum ForeignFormat {
    UTF_8_MARK("EF BB BF", "begins with a byte order mark (EF BB BF): send UTF-8 without it"),
    UTF_32_LE("FF FE 00 00", Reasons.UTF_32),
    UTF_32_BE("00 00 FE FF", Reasons.UTF_32),
    UTF_32_LE_UNMARKED("7B 00 00 00", Reasons.UTF_32),
    UTF_32_BE_UNMARKED("00 00 00 7B", Reasons.UTF_32),
    UTF_16_LE("FF FE", Reasons.UTF_16),
    UTF_16_BE("FE FF", Reasons.UTF_16),
    UTF_16_LE_UNMARKED("7B 00", Reasons.UTF_16),
    UTF_16_BE_UNMARKED("00 7B", Reasons.UTF_16),
    KPL(
            "F3 89 9A C2",
            "is an aggregate of the Kinesis Producer Library (F3 89 9A C2) that is damaged, or a line of one in a file"),
    GZIP("1F 8B", Reasons.compressed("gzip")),
    ZSTANDARD("28 B5 2F FD", Reasons.compressed("Zstandard")),
    BZIP2("42 5A 68 39", Reasons.compressed("bzip2")),
    XZ("FD 37 7A 58 5A 00", Reasons.compressed("xz")),
    LZ4("04 22 4D 18", Reasons.compressed("LZ4")),
    SNAPPY("FF 06 00 00 73 4E 61 50 70 59", Reasons.compressed("Snappy")),
    ZIP("50 4B 03 04", Reasons.compressed("zip")),
    ZLIB_FASTEST("78 01", Reasons.compressed("zlib")),
    ZLIB("78 9C", Reasons.compressed("zlib")),
    ZLIB_BEST("78 DA", Reasons.compressed("zlib")),
    AVRO("4F 62 6A 01", "is an Avro file: send JSON"),
    PARQUET("50 41 52 31", "is a Parquet file: send JSON"),
    // Base 64 of a brace and what follows it: a quote, a space, a line feed, a carriage return.
    BASE_64("65 79 4A", Reasons.BASE_64),
    BASE_64_SPACE("65 79 41", Reasons.BASE_64),
    BASE_64_LINE_FEED("65 77 6F", Reasons.BASE_64),
    BASE_64_CARRIAGE_RETURN("65 77 30", Reasons.BASE_64);

    /** Why it is refused: the rest of a sentence that begins with "The record". */
    final String reason;

    private final byte[] start;

    ForeignFormat(String start, String reason) {
        String[] bytes = start.split(" ");
        this.start = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            this.start[i] = (byte) Integer.parseInt(bytes[i], 16);
        }
        this.reason = reason;
    }

    private static final ForeignFormat[] ALL = values();

    /** The format of a line, or null if it has none of these. */
    static ForeignFormat of(byte[] line) {
        if (line.length == 0 || line[0] == '{' && (line.length == 1 || line[1] != 0)) {
            return null; // as nearly all lines
        }
        for (ForeignFormat format : ALL) {
            if (format.begins(line)) {
                return format;
            }
        }
        return null;
    }

    private boolean begins(byte[] line) {
        for (int i = 0; i < start.length; i++) {
            if (i == line.length || line[i] != start[i]) {
                return false;
            }
        }
        return true;
    }

    /** Reasons that several formats share. */
    private static final class Reasons {
        static final String UTF_16 = "is UTF-16: send UTF-8";
        static final String UTF_32 = "is UTF-32: send UTF-8";
        static final String BASE_64 = "is base 64, as it seems: send the JSON that it encodes";

        static String compressed(String name) {
            return "is compressed (" + name + "): send it as it was before";
        }
    }
}
