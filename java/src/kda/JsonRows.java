package kda;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.RowData;
import streaming.Limits;
import streaming.RecordReader;
import streaming.RecordText;
import streaming.Refusal;
import streaming.Shown;
import streaming.Unread;

/** The rows of a record that is JSON. */
final class JsonRows implements Schema.Format {
    private final JsonFactory json = RecordReader.factory();
    private final Row row;
    private final RowPlace place;

    JsonRows(Row row, RowPlace place) {
        this.row = row;
        this.place = place;
    }

    @Override
    public List<RowData> rows(byte[] line) {
        try {
            String text = RecordText.of(line);
            try (JsonParser parser = json.createParser(text)) {
                return new Reading(text, parser).rows();
            }
        } catch (Exception | StackOverflowError e) {
            return List.of(row.unread("The record", Unread.reason(e), null));
        }
    }

    /** Reads one record. */
    private final class Reading {
        private final String text;
        private final JsonParser parser;
        private final Values shared = new Values(row, 0); // by all rows
        private final List<Values> rows = new ArrayList<>();
        private int depth;
        private boolean isPlaceThere; // with an array or an object
        private String wrong; // with the record as a whole, or null

        Reading(String text, JsonParser parser) {
            this.text = text;
            this.parser = parser;
        }

        List<RowData> rows() throws Refusal, IOException {
            JsonToken start = parser.nextToken();
            boolean isRecord =
                    start == JsonToken.START_OBJECT || start == JsonToken.START_ARRAY && place.takesArray;
            Refusal.unless(isRecord, RecordText.isNoObject(start, text));
            depth = 1;
            read(place.record, start, shared);
            Refusal.unless(parser.nextToken() == null, RecordText.GOES_ON);
            if (place.required != null && !isPlaceThere && wrong == null) {
                wrong = rowPath("missing");
            }
            if (rows.isEmpty()) {
                rows.add(new Values(row, 0));
            }
            List<RowData> all = new ArrayList<>(rows.size());
            for (Values values : rows) {
                all.add(values.with(shared, wrong, text));
            }
            return all;
        }

        /** Reads the value that the parser has come to, until its last token. */
        private void read(Node node, JsonToken token, Values values) throws Refusal, IOException {
            boolean isStructure = token.isStructStart();
            int start = isStructure && node.hasColumns() ? place() : 0;
            if (token == JsonToken.START_OBJECT) {
                if (node.row != null && node.isRowItself) {
                    object(node.row, newRow(0));
                } else {
                    object(node, values);
                }
            } else if (token == JsonToken.START_ARRAY) {
                array(node, values);
            } else if (node.row != null && place.required != null && token != JsonToken.VALUE_NULL) {
                wrong = rowPath(Shown.of(token, parser.getText()));
            }
            if (node.hasColumns()) {
                String value = isStructure ? text.substring(start, place() + 1) : parser.getText();
                for (int column : node.columns) {
                    values.take(column, token, value);
                }
                if (token == JsonToken.START_ARRAY) {
                    for (int column : node.arrays) {
                        values.take(column, token, value);
                    }
                }
            }
        }

        private String rowPath(String what) {
            String path = Shown.text(place.required.toString());
            return "Row path " + path + " is " + what + ", expected an array or object.";
        }

        private void object(Node node, Values values) throws Refusal, IOException {
            boolean[] seen = node.seen();
            while (next() == JsonToken.FIELD_NAME) {
                Node child = node.name(parser.getCurrentName());
                JsonToken token = next();
                if (child == null) {
                    skip(token);
                } else if (child.isAgain(seen)) {
                    values.areTwice(child.below());
                    wrong = child.leadsToRows() ? "The array of the rows is there twice." : wrong;
                    skip(token);
                } else {
                    read(child, token, values);
                }
            }
        }

        private void array(Node node, Values values) throws Refusal, IOException {
            isPlaceThere |= node.row != null;
            int number = 0;
            for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
                Node child = node.row == null ? node.element(number) : node.row;
                number++;
                if (child == null) {
                    skip(token);
                } else if (node.row == null) {
                    read(child, token, values);
                } else {
                    Values element = newRow(number);
                    int begin = place();
                    read(child, token, element);
                    element.at(begin, (int) parser.getCurrentLocation().getCharOffset());
                }
            }
        }

        private Values newRow(int number) throws Refusal {
            Limits.check(rows.size() + 1, row.columns.size());
            isPlaceThere = true;
            Values values = new Values(row, number);
            rows.add(values);
            return values;
        }

        private void skip(JsonToken token) throws Refusal, IOException {
            int outside = depth - 1;
            while (token.isStructStart() && depth > outside) {
                next();
            }
        }

        private JsonToken next() throws Refusal, IOException {
            JsonToken token = parser.nextToken();
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            Limits.check(parser, token, depth);
            return token;
        }

        /** Where the text has the token that the parser has come to. */
        private int place() {
            return (int) parser.getTokenLocation().getCharOffset();
        }
    }
}
