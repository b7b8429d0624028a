package kda;

import java.util.Arrays;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.InputTypeStrategies;
import org.apache.flink.table.types.inference.InputTypeStrategy;

/** The schema that a function's literals declare; the last is kept, as each record has the same. */
final class Schemas {
    private static final DataType LINE = DataTypes.BYTES().bridgedTo(byte[].class);
    private static final DataType LITERAL = DataTypes.STRING().bridgedTo(StringData.class);

    /** A line and its schema: columns, format, and the row path or the two delimiters. */
    static final InputTypeStrategy ARGUMENTS =
            InputTypeStrategies.or(
                    InputTypeStrategies.explicitSequence(LINE, LITERAL, LITERAL, LITERAL),
                    InputTypeStrategies.explicitSequence(LINE, LITERAL, LITERAL, LITERAL, LITERAL));

    private StringData[] literals;
    private Schema schema; // of those literals

    /** The schema of these literals; the last is null for JSON. */
    Schema of(StringData... texts) {
        if (!Arrays.equals(texts, literals)) {
            schema = Schema.of(text(texts[0]), text(texts[1]), text(texts[2]), text(texts[3]));
            literals = texts.clone();
        }
        return schema;
    }

    private static String text(StringData literal) {
        return literal == null ? null : literal.toString();
    }

    /**
     * The schema of a call that is planned.
     *
     * @throws ValidationException unless its arguments are literals that declare one
     */
    static Schema of(CallContext call) {
        String[] texts = new String[4];
        for (int i = 1; i < call.getArgumentDataTypes().size(); i++) {
            texts[i - 1] =
                    call.getArgumentValue(i, String.class)
                            .orElseThrow(
                                    () -> new ValidationException("kda_rows takes literals for columns and format."));
        }
        return Schema.of(texts[0], texts[1], texts[2], texts[3]);
    }
}
