package kda;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** REAL and DOUBLE: a number, as the nearest double; but none so large that this is infinite. */
final class Floating implements Conversion {
    private final String name;

    Floating(String name) {
        this.name = name;
    }

    @Override
    public Object value(JsonToken token, String text) {
        String digits = Digits.of(token, text);
        if (digits == null) {
            return null;
        }
        Double nearest = Double.valueOf(digits);
        return nearest.isInfinite() ? null : nearest;
    }

    @Override
    public String expected() {
        return name;
    }

    @Override
    public String hint(JsonToken token, String text) {
        return Digits.of(token, text) == null ? null : "it is beyond the largest DOUBLE, 1.7976931348623157E308";
    }

    @Override
    public String flink() {
        return "DOUBLE";
    }
}
