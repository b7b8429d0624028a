package dynamodb;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Values of SQL as attributes.
 *
 * <p>Dates and times are texts as ISO 8601 has them, a time without its seconds if they are zero: what Apache's
 * connector writes. In an item and in a ROW, NULL leaves the attribute out; in an ARRAY and a MAP it is the attribute
 * NULL, so that places and keys stay.
 */
final class Attributes {
    private static final BigDecimal LARGEST = new BigDecimal("9.9999999999999999999999999999999999999E+125");
    private static final BigDecimal SMALLEST = new BigDecimal("1E-130");

    private interface Conversion {
        AttributeValue of(Object value);
    }

    private Attributes() {}

    /** How the values of a column are converted. Throws IllegalArgumentException for a type that there is not. */
    private static Conversion conversion(LogicalType type) {
        switch (type.getTypeRoot()) {
            case CHAR:
            case VARCHAR:
                return value -> AttributeValue.fromS(value.toString());
            case BOOLEAN:
                return value -> AttributeValue.fromBool((Boolean) value);
            case TINYINT:
            case SMALLINT:
            case INTEGER:
            case BIGINT:
                return value -> AttributeValue.fromN(value.toString());
            case FLOAT:
            case DOUBLE:
                return value -> number((Number) value);
            case DECIMAL:
                return value -> AttributeValue.fromN(((DecimalData) value).toBigDecimal().toString());
            case BINARY:
            case VARBINARY:
                return value -> AttributeValue.fromB(SdkBytes.fromByteArray((byte[]) value));
            case DATE:
                return value -> AttributeValue.fromS(LocalDate.ofEpochDay((Integer) value).toString());
            case TIME_WITHOUT_TIME_ZONE:
                return value -> AttributeValue.fromS(LocalTime.ofNanoOfDay((Integer) value * 1_000_000L).toString());
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return value -> AttributeValue.fromS(((TimestampData) value).toLocalDateTime().toString());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return value -> AttributeValue.fromS(((TimestampData) value).toInstant().toString());
            case ARRAY:
                return array(((ArrayType) type).getElementType());
            case MAP:
                return map((MapType) type);
            case ROW:
                Fields fields = new Fields((RowType) type);
                return value -> AttributeValue.fromM(fields.of((RowData) value));
            default:
                throw new IllegalArgumentException(type + " cannot be written to DynamoDB: CAST it to STRING.");
        }
    }

    /** Throws IllegalArgumentException, with the end of a sentence, for what the service does not store. */
    private static AttributeValue number(Number value) {
        double number = value.doubleValue();
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            throw new IllegalArgumentException(value + ": DynamoDB stores finite numbers only");
        }
        BigDecimal size = new BigDecimal(value.toString()).abs();
        if (number != 0 && (size.compareTo(LARGEST) > 0 || size.compareTo(SMALLEST) < 0)) {
            throw new IllegalArgumentException(value + ": DynamoDB stores numbers from 1e-130 to 1e126");
        }
        return AttributeValue.fromN(value.toString());
    }

    private static Conversion array(LogicalType elements) {
        Conversion conversion = orNull(conversion(elements));
        ArrayData.ElementGetter getter = ArrayData.createElementGetter(elements);
        return value -> {
            ArrayData array = (ArrayData) value;
            List<AttributeValue> list = new ArrayList<>();
            for (int i = 0; i < array.size(); i++) {
                list.add(conversion.of(getter.getElementOrNull(array, i)));
            }
            return AttributeValue.fromL(list);
        };
    }

    private static Conversion map(MapType type) {
        if (!isText(type.getKeyType())) {
            throw new IllegalArgumentException(
                    "the keys of " + type + " cannot be written to DynamoDB: CAST them to STRING.");
        }
        Conversion conversion = orNull(conversion(type.getValueType()));
        ArrayData.ElementGetter keys = ArrayData.createElementGetter(type.getKeyType());
        ArrayData.ElementGetter values = ArrayData.createElementGetter(type.getValueType());
        return value -> {
            MapData map = (MapData) value;
            Map<String, AttributeValue> attributes = new LinkedHashMap<>();
            for (int i = 0; i < map.size(); i++) {
                Object key = keys.getElementOrNull(map.keyArray(), i);
                if (key == null || key.toString().isEmpty()) {
                    throw new IllegalArgumentException("a key of a MAP that is NULL or empty");
                }
                attributes.put(key.toString(), conversion.of(values.getElementOrNull(map.valueArray(), i)));
            }
            return AttributeValue.fromM(attributes);
        };
    }

    private static Conversion orNull(Conversion conversion) {
        return value -> value == null ? AttributeValue.fromNul(true) : conversion.of(value);
    }

    private static boolean isText(LogicalType type) {
        return type.is(LogicalTypeRoot.CHAR) || type.is(LogicalTypeRoot.VARCHAR);
    }

    /** Whether values of the type may be a key. */
    static boolean isKey(LogicalType type) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
            case ARRAY:
            case MAP:
            case ROW:
                return false;
            default:
                return true;
        }
    }

    /** The fields of a row. */
    static final class Fields {
        private final List<String> names;
        private final List<Conversion> conversions = new ArrayList<>();
        private final List<RowData.FieldGetter> getters = new ArrayList<>();

        /** Throws IllegalArgumentException, with a sentence, for a type that there is not. */
        Fields(RowType row) {
            names = row.getFieldNames();
            for (int i = 0; i < names.size(); i++) {
                conversions.add(conversion(names.get(i), row.getTypeAt(i)));
                getters.add(RowData.createFieldGetter(row.getTypeAt(i), i));
            }
        }

        private static Conversion conversion(String name, LogicalType type) {
            try {
                return Attributes.conversion(type);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("The column " + name + ": " + e.getMessage());
            }
        }

        /** All that are not NULL. Throws IllegalArgumentException, with the end of a sentence, for a bad value. */
        Map<String, AttributeValue> of(RowData row) {
            return of(row, names);
        }

        /** The same of some fields, in the order of the row. */
        Map<String, AttributeValue> of(RowData row, Collection<String> wanted) {
            Map<String, AttributeValue> attributes = new LinkedHashMap<>();
            for (int i = 0; i < names.size(); i++) {
                boolean isWanted = wanted == names || wanted.contains(names.get(i));
                Object value = isWanted ? getters.get(i).getFieldOrNull(row) : null;
                if (value != null) {
                    attributes.put(names.get(i), converted(i, value));
                }
            }
            return attributes;
        }

        private AttributeValue converted(int i, Object value) {
            try {
                return conversions.get(i).of(value);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("in " + names.get(i) + " " + e.getMessage());
            }
        }
    }
}
