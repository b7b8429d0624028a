package kda;

import static org.apache.flink.table.types.inference.StaticArgumentTrait.OPTIONAL_PARTITION_BY;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.REQUIRE_ON_TIME;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.SET_SEMANTIC_TABLE;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.TABLE;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.table.types.utils.DataTypeUtils;
import org.apache.flink.types.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reference.Mark;

/**
 * The process table function {@code reference_rows(input => TABLE t, columns => '..', form => 'JSON', key => '`a`, `b`',
 * row_path => '$', on_time => DESCRIPTOR(valid))}: the rows of reference data, version by version. The literals are
 * those of {@link KdaRows}, for CSV row_end and column_end in place of row_path; key names the columns that tell rows
 * from each other.
 *
 * <p>Columns: {@code line BYTES, shard STRING, record ROW<error, message, source, columns...>, present BOOLEAN,
 * rowtime}. A row whose error is not NULL counts for nothing. Of a version come the rows that its predecessor does not
 * have, and for each key that only that has a row with {@code present} false and no values but the key's.
 *
 * <p>Without the marks of a source that {@link Mark reads again}, lines become rows as they come, and no row is in the
 * state. With them, a version comes out at its end. If one of its lines is wrong, a key is there twice, or it has no row,
 * then it is refused as a whole with one row, and its predecessor stays; the first has none, so the rest of it counts.
 */
public class ReferenceRows extends ProcessTableFunction<RowData> {
    private static final Logger LOG = LoggerFactory.getLogger(ReferenceRows.class);
    private static final String INPUT = "input";
    private static final StringData REFUSED = StringData.fromString("REFERENCE");

    /** How far the versions are read. */
    public static class Progress {
        public Coming coming = new Coming();
        public boolean isRefreshed; // whether marks came
        public boolean isWhole; // whether a version came to its end
        public String written; // when the version was written that counts
    }

    private transient Schema schema;
    private transient Identity identity;
    private transient Came came;

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put("progress", StateTypeStrategy.of(call -> Optional.of(types.createDataType(Progress.class)), Duration.ZERO));
        state.put("known", StateTypeStrategy.of(call -> Optional.of(rowsByKey(call, types)), Duration.ZERO));
        state.put("staged", StateTypeStrategy.of(call -> Optional.of(rowsByKey(call, types)), Duration.ZERO));
        return TypeInference.newBuilder()
                .staticArguments(
                        StaticArgument.table(
                                INPUT,
                                Row.class,
                                false,
                                EnumSet.of(TABLE, SET_SEMANTIC_TABLE, OPTIONAL_PARTITION_BY, REQUIRE_ON_TIME)),
                        literal("columns", false),
                        literal("form", false),
                        literal("key", false),
                        literal("row_path", true),
                        literal("row_end", true),
                        literal("column_end", true))
                .stateTypeStrategies(state)
                .outputTypeStrategy(call -> Optional.of(output(call, types)))
                .build();
    }

    private static StaticArgument literal(String name, boolean isOptional) {
        return StaticArgument.scalar(name, DataTypes.STRING().bridgedTo(String.class), isOptional);
    }

    private static DataType rowsByKey(CallContext call, DataTypeFactory types) {
        DataType row =
                DataTypes.ROW(
                        DataTypes.FIELD("digest", DataTypes.BYTES()),
                        DataTypes.FIELD("record", schema(call).row(types)));
        return MapView.newMapViewDataType(
                DataTypes.STRING().bridgedTo(String.class), DataTypeUtils.toInternalDataType(row));
    }

    private static DataType output(CallContext call, DataTypeFactory types) {
        return DataTypeUtils.toInternalDataType(
                DataTypes.ROW(
                        DataTypes.FIELD("line", DataTypes.BYTES()),
                        DataTypes.FIELD("shard", DataTypes.STRING()),
                        DataTypes.FIELD("record", schema(call).row(types)),
                        DataTypes.FIELD("present", DataTypes.BOOLEAN().notNull())));
    }

    private static Schema schema(CallContext call) {
        Schema schema = schema(text(call, 1), text(call, 2), text(call, 4), text(call, 5), text(call, 6));
        schema.identity(text(call, 3));
        return schema;
    }

    private static Schema schema(String columns, String form, String rowPath, String rowEnd, String columnEnd) {
        return Schema.of(columns, form, rowPath == null ? rowEnd : rowPath, columnEnd);
    }

    private static String text(CallContext call, int argument) {
        return call.getArgumentValue(argument, String.class).orElse(null);
    }

    /** A line, or a mark. */
    public void eval(
            Context context,
            Progress progress,
            MapView<String, RowData> known,
            MapView<String, RowData> staged,
            Row input,
            String columns,
            String form,
            String key,
            String rowPath,
            String rowEnd,
            String columnEnd)
            throws Exception {
        if (schema == null) {
            schema = schema(columns, form, rowPath, rowEnd, columnEnd);
            identity = schema.identity(key);
            came = new Came(context.tableSemanticsFor(INPUT));
        }
        came.row = input;
        Mark mark = came.mark();
        if (mark == null) {
            read(progress, staged);
        } else if (mark == Mark.BEGIN) {
            progress.isRefreshed = true;
            progress.coming = new Coming();
            staged.clear();
        } else if (mark == Mark.END) {
            end(progress, known, staged);
        } else if (mark == Mark.FAILED) {
            staged.clear();
            refuse(progress, came.text());
        }
    }

    private void read(Progress progress, MapView<String, RowData> staged) throws Exception {
        Coming coming = progress.coming;
        coming.lines++;
        for (RowData record : schema.rows(came.line())) {
            coming.rows++;
            if (!record.isNullAt(0)) {
                wrong(progress, record);
            } else if (progress.isRefreshed) {
                stage(progress, staged, record);
            } else {
                emit(came.line(), record, true);
            }
        }
    }

    private void stage(Progress progress, MapView<String, RowData> staged, RowData record) throws Exception {
        String key = identity.key(record);
        if (key == null) {
            return;
        }
        if (staged.contains(key)) {
            wrong(progress, twice(record));
        }
        staged.put(key, GenericRowData.of(identity.digest(record), record));
    }

    private RowData twice(RowData record) {
        GenericRowData row = new GenericRowData(record.getArity());
        row.setField(0, REFUSED);
        row.setField(1, StringData.fromString(identity.shown(record) + " is there twice."));
        return row;
    }

    /** A row is wrong. It is told at once, unless that decides about a version that has a predecessor. */
    private void wrong(Progress progress, RowData record) {
        progress.coming.wrong(record.getString(1).toString());
        if (!progress.isWhole) {
            emit(came.line(), record, true);
        }
    }

    private void end(Progress progress, MapView<String, RowData> known, MapView<String, RowData> staged)
            throws Exception {
        Coming coming = progress.coming;
        String problem = coming.problem();
        if (progress.isWhole && problem != null) {
            refuse(progress, came.shard() + " of " + came.written() + " is refused, as " + problem);
        } else {
            apply(known, staged);
            progress.isWhole = true;
            progress.written = came.written();
        }
        staged.clear();
        progress.coming = new Coming();
    }

    private void apply(MapView<String, RowData> known, MapView<String, RowData> staged) throws Exception {
        long gone = 0;
        for (Iterator<Map.Entry<String, RowData>> rows = known.iterator(); rows.hasNext(); ) {
            Map.Entry<String, RowData> row = rows.next();
            if (!staged.contains(row.getKey())) {
                emit(null, record(row.getValue()), false);
                rows.remove();
                gone++;
            }
        }
        long changed = 0;
        for (Map.Entry<String, RowData> row : staged.entries()) {
            RowData before = known.get(row.getKey());
            byte[] digest = row.getValue().getBinary(0);
            if (before == null || !Arrays.equals(before.getBinary(0), digest)) {
                RowData record = record(row.getValue());
                emit(null, record, true);
                known.put(row.getKey(), GenericRowData.of(digest, identity.keyOnly(record)));
                changed++;
            }
        }
        LOG.info(
                "{} of {} counts from {} on: {} rows are new or changed, {} keys are gone.",
                came.shard(),
                came.written(),
                came.since(),
                changed,
                gone);
    }

    private void refuse(Progress progress, String why) {
        String sentence = why + " The version of " + progress.written + " stays.";
        LOG.warn(sentence);
        GenericRowData row = new GenericRowData(schema.width());
        row.setField(0, REFUSED);
        row.setField(1, StringData.fromString(sentence));
        emit(null, row, true);
    }

    private RowData record(RowData row) {
        return row.getRow(1, schema.width());
    }

    private void emit(byte[] line, RowData record, boolean isPresent) {
        collect(GenericRowData.of(line, StringData.fromString(came.shard()), record, isPresent));
    }
}
