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
import java.util.List;
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
import reference.Block;
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
 * <p>Without the marks of a source that {@link Mark reads again}, lines become rows as they come, and nothing is in the
 * state. With them, the first version comes as it is read. A later one is compared with its predecessor as it is read:
 * the lines with a row that is new or changed wait in the state, block by block, until all lines are there, and come out
 * in the turns that the source gives. If one of its lines is wrong, a key is there twice, or it has no row, then it is
 * refused as a whole with one row, and its predecessor stays; the first has none, so the rest of it counts.
 */
public class ReferenceRows extends ProcessTableFunction<RowData> {
    private static final Logger LOG = LoggerFactory.getLogger(ReferenceRows.class);
    private static final String INPUT = "input";
    private static final StringData REFUSED = StringData.fromString("REFERENCE");
    private static final String ONLY = ""; // key of a map with one value

    /** How far the versions are read. */
    public static class Progress {
        public Coming coming = new Coming();
        public long version; // number of the version that is read, or was read last
        public long entries; // keys in the state, also those that only the version has which is read
        public long kept; // keys of the version that counts
        public boolean isWhole; // whether a version came to its end
        public String written; // when the version was written that counts
    }

    private transient Schema schema;
    private transient Identity identity;
    private transient Came came;
    private transient MapView<String, RowData> known;
    private transient MapView<Integer, byte[]> changes;

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put("progress", StateTypeStrategy.of(call -> Optional.of(progress(types)), Duration.ZERO));
        state.put("known", StateTypeStrategy.of(call -> Optional.of(known(call, types)), Duration.ZERO));
        state.put("changes", StateTypeStrategy.of(call -> Optional.of(changes()), Duration.ZERO));
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

    /** A map, as that is read only when it is asked for. */
    private static DataType progress(DataTypeFactory types) {
        return MapView.newMapViewDataType(
                DataTypes.STRING().bridgedTo(String.class), types.createDataType(Progress.class));
    }

    /** By key: what {@link Known} has of a row. */
    private static DataType known(CallContext call, DataTypeFactory types) {
        return MapView.newMapViewDataType(
                DataTypes.STRING().bridgedTo(String.class),
                DataTypeUtils.toInternalDataType(Known.type(schema(call), text(call, 3), types)));
    }

    /** By number of a block: its lines that have a row which is new or changed. */
    private static DataType changes() {
        return MapView.newMapViewDataType(
                DataTypes.INT().bridgedTo(Integer.class), DataTypes.BYTES().bridgedTo(byte[].class));
    }

    private static StaticArgument literal(String name, boolean isOptional) {
        return StaticArgument.scalar(name, DataTypes.STRING().bridgedTo(String.class), isOptional);
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
            MapView<String, Progress> progress,
            MapView<String, RowData> known,
            MapView<Integer, byte[]> changes,
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
        this.known = known;
        this.changes = changes;
        came.row = input;
        Mark mark = came.mark();
        if (mark == null) {
            for (RowData record : schema.rows(came.line())) {
                emit(came.line(), record, true);
            }
        } else if (mark != Mark.ASKED) {
            Progress before = progress.get(ONLY);
            Progress now = before == null ? new Progress() : before;
            take(mark, now);
            progress.put(ONLY, now);
        }
    }

    private void take(Mark mark, Progress progress) throws Exception {
        switch (mark) {
            case BEGIN:
                progress.version++;
                progress.coming = new Coming();
                changes.clear();
                break;
            case LINES:
                read(progress);
                break;
            case TURN:
                turn(progress.coming, progress.version);
                break;
            case END:
                end(progress);
                break;
            default:
                changes.clear();
                progress.coming = new Coming();
                refuse(progress, came.text());
        }
    }

    private void read(Progress progress) throws Exception {
        Coming coming = progress.coming;
        Block changed = new Block();
        for (byte[] line : Block.lines(came.line())) {
            coming.lines++;
            boolean isNews = false;
            for (RowData record : isBlank(line) ? List.<RowData>of() : schema.rows(line)) {
                coming.rows++;
                if (record.isNullAt(0)) {
                    isNews |= read(progress, line, record);
                } else {
                    wrong(progress, line, record);
                }
            }
            if (isNews) {
                changed.add(line);
            }
        }
        if (progress.isWhole && !changed.isEmpty() && coming.wrong == 0) {
            changes.put(coming.blocks, changed.bytes());
        }
        coming.blocks++;
    }

    /** Whether the line has no character, as many files have at their end. */
    private static boolean isBlank(byte[] line) {
        return line.length == 0 || line.length == 1 && line[0] == '\r';
    }

    /** Takes a row of the first version over, and notes of a later one that its key is there; whether the row is news. */
    private boolean read(Progress progress, byte[] line, RowData record) throws Exception {
        String key = identity.key(record);
        if (key == null) {
            wrong(progress, line, refused(record, identity.nullColumn(record) + " is NULL: no lookup finds the row."));
            return false;
        }
        Known before = Known.of(known.get(key));
        if (before.version == progress.version) {
            wrong(progress, line, refused(record, identity.shown(record) + " is there twice."));
        } else {
            progress.coming.keys++;
        }
        progress.entries += before.isThere() ? 0 : 1;
        byte[] digest = identity.digest(record);
        boolean isNews = !Arrays.equals(before.digest, digest);
        boolean isTakenOver = isNews && !progress.isWhole;
        known.put(key, Known.entry(isTakenOver ? digest : before.digest, progress.version, identity.values(record)));
        if (isTakenOver) {
            emit(null, record, true);
            progress.coming.changed++;
        }
        return isNews;
    }

    private static RowData refused(RowData record, String why) {
        GenericRowData row = new GenericRowData(record.getArity());
        row.setField(0, REFUSED);
        row.setField(1, StringData.fromString(why));
        return row;
    }

    /** A row is wrong. It is told at once, unless that decides about a version that has a predecessor. */
    private void wrong(Progress progress, byte[] line, RowData record) {
        progress.coming.wrong(record.getString(1).toString());
        if (!progress.isWhole) {
            emit(line, record, true);
        }
    }

    /** Takes the next block of a later version over, if that is good. */
    private void turn(Coming coming, long version) throws Exception {
        byte[] block = changes.get(coming.turns);
        if (block != null && coming.problem() == null) {
            for (byte[] line : Block.lines(block)) {
                for (RowData record : schema.rows(line)) {
                    takeOver(coming, version, record);
                }
            }
            changes.remove(coming.turns);
        }
        coming.turns++;
    }

    private void takeOver(Coming coming, long version, RowData record) throws Exception {
        String key = identity.key(record);
        if (key == null) {
            return;
        }
        byte[] digest = identity.digest(record);
        if (!Arrays.equals(Known.of(known.get(key)).digest, digest)) {
            known.put(key, Known.entry(digest, version, identity.values(record)));
            emit(null, record, true);
            coming.changed++;
        }
    }

    private void end(Progress progress) throws Exception {
        Coming coming = progress.coming;
        String problem = coming.problem();
        if (progress.isWhole && problem != null) {
            changes.clear();
            refuse(progress, came.shard() + " of " + came.written() + " is refused, as " + problem);
        } else {
            if (coming.rows == 0) {
                tell(came.shard() + " of " + came.written() + " has no row: lookups find none before another version.");
            }
            long gone = progress.entries > coming.keys ? removeOthers(progress.version) : 0;
            progress.entries = coming.keys;
            progress.kept = coming.keys;
            LOG.info(
                    "{} of {} counts from {} on: {} rows are new or changed, {} keys are gone.",
                    came.shard(),
                    came.written(),
                    progress.isWhole ? came.since() : "the beginning of time",
                    coming.changed,
                    gone);
            progress.isWhole = true;
            progress.written = came.written();
        }
        progress.coming = new Coming();
    }

    /** Forgets the keys that are not in this version; how many of them had a row. */
    private long removeOthers(long version) throws Exception {
        long gone = 0;
        for (Iterator<Map.Entry<String, RowData>> rows = known.iterator(); rows.hasNext(); ) {
            RowData row = rows.next().getValue();
            Known entry = Known.of(row);
            if (entry.version != version) {
                if (entry.digest != null) {
                    emit(null, identity.record(row), false);
                    gone++;
                }
                rows.remove();
            }
        }
        return gone;
    }

    private void refuse(Progress progress, String why) throws Exception {
        tell(why + " The version of " + progress.written + " stays.");
        if (progress.isWhole && progress.entries > progress.kept) { // or versions that are refused would fill the state
            for (Iterator<Map.Entry<String, RowData>> rows = known.iterator(); rows.hasNext(); ) {
                if (Known.of(rows.next().getValue()).digest == null) {
                    rows.remove();
                }
            }
            progress.entries = progress.kept;
        }
    }

    private void tell(String sentence) {
        LOG.warn(sentence);
        GenericRowData row = new GenericRowData(schema.width());
        row.setField(0, REFUSED);
        row.setField(1, StringData.fromString(sentence));
        emit(null, row, true);
    }

    private void emit(byte[] line, RowData record, boolean isPresent) {
        collect(GenericRowData.of(line, StringData.fromString(came.shard()), record, isPresent));
    }
}
