package wildrydes;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.*;
import java.util.*;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.*;
import org.apache.flink.table.api.*;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.*;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.types.inference.*;
import org.apache.flink.table.types.logical.*;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.table.utils.EncodingUtils;

/** {@code json_record(line BYTES, 'Name STRING NOT NULL, ...')} reads a line as one JSON object, strictly, and never
 * throws. It gives {@code ROW<error, message, columns...>}. The error is NULL for a good record; PARSE, with no columns,
 * if the line is not exactly one JSON object in UTF-8; COERCION if a NOT NULL column is missing or null, or any column is
 * there twice or of another type (the others stay readable). Other keys are ignored. A TIMESTAMP(3) is a string
 * yyyy-MM-dd HH:mm:ss[.SSS]. More than the limits below is PARSE: newer Jacksons have these too, Flink 1.20's has none. */
public class JsonRecord extends ScalarFunction {
    private static final int MAX_BYTES = 20_000_000, MAX_DEPTH = 1_000, MAX_NUMBER = 1_000, MAX_KEY = 50_000;
    private static final String COLUMNS = "(?i)(\\s*(\\w+|`[^`]+`)\\s+(STRING|DOUBLE|INT|BIGINT|BOOLEAN|TIMESTAMP\\(3\\)"
        + "|DECIMAL\\(\\s*\\d+\\s*,\\s*\\d+\\s*\\))(\\s+NOT\\s+NULL)?\\s*(,(?!\\s*$)|$))+";
    private static final String TIME = "0000-00-00 00:00:00.000";
    private static final JsonFactory JSON = new JsonFactory().disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW); // anyone can send keys: none fills a cache for ever
    private transient StringData literal;
    private transient RowType type; // of that literal
    private transient byte[] lastLine;
    private transient GenericRowData lastRow;

    @Override public TypeInference getTypeInference(DataTypeFactory types) {
        return TypeInference.newBuilder().inputTypeStrategy(InputTypeStrategies.explicitSequence(
            DataTypes.BYTES().bridgedTo(byte[].class), DataTypes.STRING().bridgedTo(StringData.class)
        )).outputTypeStrategy(call -> Optional.of(types.createDataType( // all nullable, as a rejected record lacks values
            row(call.getArgumentValue(1, String.class).orElse("no literal")).replaceAll("(?i)\\sNOT\\s+NULL", "")
        ).bridgedTo(RowData.class))).build();
    }

    private static String row(String columns) {
        check(columns.matches(COLUMNS), "json_record takes a literal such as 'Name STRING NOT NULL, Age INT' of STRING,"
            + " DOUBLE, INT, BIGINT, BOOLEAN, DECIMAL(p, s) and TIMESTAMP(3) columns, not: " + columns);
        return "ROW<error STRING, message STRING, " + columns + ">";
    }
    private static void check(boolean holds, String otherwise) { if (!holds) throw new ValidationException(otherwise); }

    /** Flink 1.20 evaluates a computed column anew for each reference to it, so the last row is kept. That is safe:
     * sources make a new array for each record, and nothing changes a row once it was returned. */
    public RowData eval(byte[] line, StringData columns) {
        if (!Objects.equals(columns, literal)) { // the first record, or the other of two calls in one operator
            type = (RowType) LogicalTypeParser.parse(row(columns.toString()), getClass().getClassLoader());
            literal = columns;
            lastRow = null;
        }
        if (lastRow != null && line == lastLine) return lastRow;
        GenericRowData row = new GenericRowData(type.getFieldCount());
        String error = "COERCION", message;
        try {
            message = read(line, row);
        } catch (IOException | RuntimeException e) {
            row = new GenericRowData(type.getFieldCount());
            error = "PARSE";
            message = "The record " + (!(e instanceof JsonProcessingException) ? e.getMessage()
                : "is not JSON at " + ((JsonProcessingException) e).getLocation().offsetDescription() + ".");
        }
        row.setField(0, message == null ? null : StringData.fromString(error));
        row.setField(1, StringData.fromString(message));
        lastLine = line;
        return lastRow = row;
    }

    /** Fills the row; returns what is wrong with its first bad column, or null. */
    private String read(byte[] line, GenericRowData row) throws IOException {
        check(line != null && line.length <= MAX_BYTES, "is NULL or over " + MAX_BYTES + " bytes long.");
        String text = new String(line, StandardCharsets.UTF_8); // which replaces what Jackson might let pass
        int broken = Arrays.mismatch(line, text.getBytes(StandardCharsets.UTF_8));
        check(broken < 0, broken < 0 ? null : "is not UTF-8 after byte " + broken + ".");
        String[] found = new String[row.getArity()]; // null: nothing yet, "": a good value, else what is wrong
        try (JsonParser json = JSON.createParser(text)) {
            check(json.nextToken() == JsonToken.START_OBJECT, "is not a JSON object.");
            for (int depth = 1, column = 0; depth > 0; ) { // column: whose value comes next; 0 and 1 are none
                JsonToken token = json.nextToken();
                boolean key = token == JsonToken.FIELD_NAME;
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                check(depth <= MAX_DEPTH, "is nested over " + MAX_DEPTH + " deep.");
                boolean limited = key || token.isNumeric();
                check(!limited || json.getTextLength() <= (key ? MAX_KEY : MAX_NUMBER), "has too long a key or number.");
                if (column > 1) {
                    boolean isNull = token == JsonToken.VALUE_NULL, again = found[column] != null;
                    Object value = isNull || again ? null : value(type.getTypeAt(column), token, json.getText());
                    boolean good = value != null || isNull && type.getTypeAt(column).isNullable();
                    found[column] = again ? "is there twice" : good ? "" : "is " + shown(token, json.getText());
                    row.setField(column, value);
                }
                column = key && depth == 1 ? type.getFieldIndex(json.getCurrentName()) : 0;
            }
            check(json.nextToken() == null, "goes on after the JSON object.");
        }
        for (int i = 2; i < found.length; i++) {
            RowType.RowField column = type.getFields().get(i);
            String wrong = found[i] != null ? found[i] : column.getType().isNullable() ? "" : "is missing";
            if (!wrong.isEmpty()) return column.getName() + " " + wrong + ", expected " + column.getType().copy(true) + ".";
        }
        return null;
    }

    private static String shown(JsonToken token, String text) {
        String start = EncodingUtils.escapeJava(text.substring(0, Math.min(32, text.length())))
            + (text.length() > 32 ? "…" : "");
        return token == JsonToken.VALUE_STRING ? '"' + start + '"' : token.isStructStart() ? start + "…" : start;
    }

    /** What a token stands for as a value of the type, nothing rounded; null if it is none. */
    private static Object value(LogicalType type, JsonToken token, String text) {
        String number = token.isNumeric() ? text : "not a number", string = token == JsonToken.VALUE_STRING ? text : null;
        try {
            switch (type.getTypeRoot()) {
                case VARCHAR: // but no half of a surrogate pair, which JSON can escape and UTF-8 cannot write
                    boolean whole = text.equals(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
                    return whole ? StringData.fromString(string) : null;
                case TIMESTAMP_WITHOUT_TIME_ZONE: return string == null ? null : timestamp(string);
                case BOOLEAN: return token.isBoolean() ? Boolean.valueOf(text) : null;
                case INTEGER: return Integer.valueOf(number);
                case BIGINT: return Long.valueOf(number);
                case DOUBLE:
                    Double nearest = Double.valueOf(number);
                    return nearest.isInfinite() ? null : nearest;
                default: // DECIMAL; the scale is checked first, as 1e999999999 written out would fill the memory
                    BigDecimal exact = new BigDecimal(number).stripTrailingZeros();
                    int precision = ((DecimalType) type).getPrecision(), scale = ((DecimalType) type).getScale();
                    if (exact.scale() <= -precision || exact.scale() > scale) return null;
                    return DecimalData.fromBigDecimal(exact, precision, scale);
            }
        } catch (NumberFormatException | ArithmeticException | DateTimeException e) { // also too large, or 30 February
            return null;
        }
    }

    private static TimestampData timestamp(String text) {
        int[] part = new int[8]; // year, month, day, hour, minute, second, millisecond
        if (text.length() < 19 || text.length() == 20 || text.length() > TIME.length()) return null;
        for (int i = 0, n = 0; i < TIME.length(); i++) {
            char shape = TIME.charAt(i), c = i < text.length() ? text.charAt(i) : shape;
            if (shape == '0' ? c < '0' || c > '9' : c != shape) return null;
            if (shape != '0') n++;
            else part[n] = part[n] * 10 + c - '0';
        }
        LocalDateTime time = LocalDateTime.of(part[0], part[1], part[2], part[3], part[4], part[5], part[6] * 1_000_000);
        return part[0] == 0 ? null : TimestampData.fromLocalDateTime(time);
    }
}
