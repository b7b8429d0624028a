package kda;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** TINYINT to BIGINT: a number without point and exponent, within the type's range; true is 1, false 0. */
final class Whole implements Conversion {
    static final Whole TINYINT = new Whole("TINYINT", "TINYINT", Byte.MIN_VALUE, Byte.MAX_VALUE);
    static final Whole SMALLINT = new Whole("SMALLINT", "SMALLINT", Short.MIN_VALUE, Short.MAX_VALUE);
    static final Whole INTEGER = new Whole("INTEGER", "INT", Integer.MIN_VALUE, Integer.MAX_VALUE);
    static final Whole BIGINT = new Whole("BIGINT", "BIGINT", Long.MIN_VALUE, Long.MAX_VALUE);

    private final String name;
    private final String flink;
    private final long least;
    private final long most;

    private Whole(String name, String flink, long least, long most) {
        this.name = name;
        this.flink = flink;
        this.least = least;
        this.most = most;
    }

    @Override
    public Object value(JsonToken token, String text) {
        String digits = Digits.of(token, text);
        if (digits == null) {
            return null;
        }
        long number;
        try {
            number = Long.parseLong(digits);
        } catch (NumberFormatException e) { // a point, an exponent, or beyond a BIGINT
            return null;
        }
        if (number < least || number > most) {
            return null;
        }
        if (this == BIGINT) {
            return number;
        }
        if (this == INTEGER) {
            return (int) number;
        }
        return this == SMALLINT ? (Object) (short) number : (Object) (byte) number;
    }

    @Override
    public String expected() {
        return name;
    }

    @Override
    public String hint(JsonToken token, String text) {
        String digits = Digits.of(token, text);
        if (digits == null) {
            return null;
        }
        boolean isWhole = digits.matches("[-+]?[0-9]+");
        return isWhole ? "it is not from " + least + " to " + most : "it has a point or an exponent";
    }

    @Override
    public String flink() {
        return flink;
    }
}
