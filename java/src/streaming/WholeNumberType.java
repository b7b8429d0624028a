package streaming;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** INT or BIGINT: a JSON number without point and exponent, within the type's range. */
final class WholeNumberType implements ColumnType {
    static final WholeNumberType INT = new WholeNumberType("INT", Integer.MIN_VALUE, Integer.MAX_VALUE);
    static final WholeNumberType BIGINT = new WholeNumberType("BIGINT", Long.MIN_VALUE, Long.MAX_VALUE);

    private static final int MAX_CHARACTERS = 20; // of a sign and the digits of a BIGINT

    private final String name;
    private final long least;
    private final long most;

    private WholeNumberType(String name, long least, long most) {
        this.name = name;
        this.least = least;
        this.most = most;
    }

    @Override
    public Object value(JsonToken token, String text) {
        if (token != JsonToken.VALUE_NUMBER_INT || text.length() > MAX_CHARACTERS) {
            return null;
        }
        try {
            return within(Long.parseLong(text));
        } catch (NumberFormatException e) { // beyond a BIGINT
            return null;
        }
    }

    @Override
    public Object value(JsonToken token, byte[] line, int from, int to) {
        if (token != JsonToken.VALUE_NUMBER_INT || to - from >= MAX_CHARACTERS - 1) { // may be beyond a BIGINT
            return ColumnType.super.value(token, line, from, to);
        }
        boolean isNegative = line[from] == '-';
        long number = 0;
        for (int i = isNegative ? from + 1 : from; i < to; i++) {
            number = number * 10 + line[i] - '0';
        }
        return within(isNegative ? -number : number);
    }

    private Object within(long number) {
        if (number < least || number > most) {
            return null;
        }
        return this == INT ? (Object) (int) number : (Object) number;
    }

    @Override
    public String expected() {
        return name;
    }

    @Override
    public String hint(JsonToken token, String text) {
        switch (token) {
            case VALUE_NUMBER_FLOAT:
                return "write a whole number, without point and exponent";
            case VALUE_NUMBER_INT:
                return "it is not from " + least + " to " + most;
            default:
                return Numbers.hint(token, text);
        }
    }
}
