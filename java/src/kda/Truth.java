package kda;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** BOOLEAN: true and false; of a number, whether it is not 0; of a text, whether it is "true", in capitals or not. */
final class Truth implements Conversion {
    @Override
    public Object value(JsonToken token, String text) {
        switch (token) {
            case VALUE_TRUE:
            case VALUE_FALSE:
                return token == JsonToken.VALUE_TRUE;
            case VALUE_STRING:
                return text.equalsIgnoreCase("true");
            case VALUE_NUMBER_INT:
            case VALUE_NUMBER_FLOAT:
                return isNotZero(text);
            default:
                return null;
        }
    }

    /** Whether a digit before the exponent is not 0: the double next to the number may be 0 where the number is not. */
    private static boolean isNotZero(String number) {
        for (int i = 0; i < number.length() && Character.toLowerCase(number.charAt(i)) != 'e'; i++) {
            if (number.charAt(i) >= '1' && number.charAt(i) <= '9') {
                return true;
            }
        }
        return false;
    }

    @Override
    public String expected() {
        return "BOOLEAN";
    }

    @Override
    public String hint(JsonToken token, String text) {
        return null;
    }

    @Override
    public String flink() {
        return "BOOLEAN";
    }
}
