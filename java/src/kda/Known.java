package kda;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;

/** What the state has of a row of reference data: a digest, the version that was seen last with its key, and the key. */
final class Known {
    static final int KEY = 2; // place of the key's first column

    private static final Known NOTHING = new Known(null, 0);

    final byte[] digest; // of the row that counts; null: none does
    final long version; // number of the last version that had the key

    private Known(byte[] digest, long version) {
        this.digest = digest;
        this.version = version;
    }

    /** Of an entry of the state; null: there is none. */
    static Known of(RowData entry) {
        return entry == null ? NOTHING : new Known(entry.isNullAt(0) ? null : entry.getBinary(0), entry.getLong(1));
    }

    boolean isThere() {
        return this != NOTHING;
    }

    /** An entry of the state. key: the values of the key's columns. */
    static RowData entry(byte[] digest, long version, Object[] key) {
        GenericRowData entry = new GenericRowData(KEY + key.length);
        entry.setField(0, digest);
        entry.setField(1, version);
        for (int i = 0; i < key.length; i++) {
            entry.setField(KEY + i, key[i]);
        }
        return entry;
    }

    /** The type of an entry. */
    static DataType type(Schema schema, String key, DataTypeFactory types) {
        List<DataTypes.Field> fields = new ArrayList<>();
        fields.add(DataTypes.FIELD("digest", DataTypes.BYTES()));
        fields.add(DataTypes.FIELD("version", DataTypes.BIGINT().notNull()));
        for (Column column : schema.identity(key).columns()) {
            fields.add(DataTypes.FIELD(column.field, types.createDataType(column.type.flink())));
        }
        return DataTypes.ROW(fields);
    }
}
