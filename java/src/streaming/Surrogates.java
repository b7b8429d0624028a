package streaming;

/** Halves of characters beyond U+FFFF in Java's texts: JSON can escape one alone, UTF-8 cannot write it. */
public final class Surrogates {
    private Surrogates() {}

    /** Whether a text has whole characters only. */
    public static boolean arePaired(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                boolean isPair = i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
                if (!isPair) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }
}
