package kda;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import streaming.Shown;

/** A column: its name, its field in the row, its type, and for JSON the path of its values. */
final class Column {
    final String name;
    final String field;
    final Conversion type;
    final Path path; // null without one

    Column(String name, String field, Conversion type, Path path) {
        this.name = name;
        this.field = field;
        this.type = type;
        this.path = path;
    }

    /** A sentence about a value that has no counterpart in the type. row: its number, or 0 for a record's only row. */
    String refuses(JsonToken token, String text, int row) {
        String hint = type.hint(token, text);
        String shown = token.isStructStart() ? text.substring(0, 1) : text; // the bracket
        return sentence(row, "is " + Shown.of(token, shown), hint == null ? "" : "; " + hint);
    }

    /** A sentence about a value that is there twice. */
    String isTwice(int row) {
        return sentence(row, "is there twice", "");
    }

    private String sentence(int row, String verdict, String hint) {
        String place = row == 0 ? "" : " of row " + row;
        return Shown.key(name) + place + " " + verdict + ", expected " + type.expected() + hint + ".";
    }
}
