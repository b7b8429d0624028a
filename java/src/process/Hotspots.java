package process;

import static org.apache.flink.table.types.inference.StaticArgumentTrait.OPTIONAL_PARTITION_BY;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.REQUIRE_ON_TIME;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.SET_SEMANTIC_TABLE;
import static org.apache.flink.table.types.inference.StaticArgumentTrait.TABLE;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.functions.SpecializedFunction;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.functions.UserDefinedFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.ColumnList;
import org.apache.flink.types.Row;

/**
 * The process table function {@code hotspots(input => TABLE t PARTITION BY key, window_size => 1000, scan_radius => 0.2,
 * minimum_points => 17, columns => DESCRIPTOR(x, y), on_time => DESCRIPTOR(event_time), uid => 'u')}: with each row, the
 * dense regions among the newest rows of its partition.
 *
 * <p>Columns: those of PARTITION BY, the others of the table, {@code is_late}, {@code HOTSPOTS_RESULT}, {@code rowtime}.
 * HOTSPOTS_RESULT is JSON (see {@link PointWindow}), or NULL if a coordinate of the row is NULL, NaN or infinite; such a
 * row is no point. Without {@code columns}, the coordinates are all numeric columns but those of PARTITION BY. Rows are
 * taken as {@link HeldRows} does. A row that comes behind the watermark comes out at once, with {@code is_late} true and
 * NULL as result; it is no point.
 *
 * <p>The state of a partition is the points of its window, one entry a point. What is computed from them is held in
 * memory, and made anew from the state after a restore.
 */
public class Hotspots extends ProcessTableFunction<Row> implements SpecializedFunction {
    static final String INPUT = "input";
    private static final long MEMORY = 64L << 20; // bytes of the windows that are held in memory, at least a window

    private final HotspotsCall.Settings settings; // null for the function as it is declared
    private transient InputColumns columns;
    private transient Coordinates coordinates;
    private transient Map<Row, PointWindow> windows; // of the partitions used last

    /** As it is declared: the settings are those of a call. */
    public Hotspots() {
        this(null);
    }

    private Hotspots(HotspotsCall.Settings settings) {
        this.settings = settings;
    }

    @Override
    public UserDefinedFunction specialize(SpecializedContext context) {
        return new Hotspots(HotspotsCall.settings(context.getCallContext()));
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        DataType point = DataTypes.ARRAY(DataTypes.DOUBLE().notNull()).bridgedTo(double[].class);
        LinkedHashMap<String, StateTypeStrategy> state = new LinkedHashMap<>();
        state.put(
                "points",
                StateTypeStrategy.of(call -> {
                    HotspotsCall.checkConstants(call);
                    return Optional.of(MapView.newMapViewDataType(DataTypes.INT().notNull(), point.notNull()));
                }));
        HeldRows.declare(state);
        return TypeInference.newBuilder()
                .staticArguments(
                        StaticArgument.table(
                                INPUT,
                                Row.class,
                                false,
                                EnumSet.of(
                                        TABLE,
                                        SET_SEMANTIC_TABLE,
                                        OPTIONAL_PARTITION_BY,
                                        REQUIRE_ON_TIME)),
                        StaticArgument.scalar("window_size", DataTypes.INT().notNull(), false),
                        StaticArgument.scalar("scan_radius", DataTypes.DOUBLE().notNull(), false),
                        StaticArgument.scalar("minimum_points", DataTypes.INT().notNull(), false),
                        StaticArgument.scalar("columns", DataTypes.DESCRIPTOR(), true))
                .stateTypeStrategies(state)
                .outputTypeStrategy(call -> {
                    HotspotsCall.checkTypes(call);
                    HotspotsCall.checkColumns(call);
                    return Optional.of(HeldRows.result(
                            call, "hotspots", List.of(DataTypes.FIELD("HOTSPOTS_RESULT", DataTypes.STRING()))));
                })
                .build();
    }

    /** A row, in any order. The settings are those of the call, which the function has already. */
    public void eval(
            Context context,
            MapView<Integer, double[]> points,
            MapView<Long, Integer> counts,
            MapView<Row, Row> held,
            Row input,
            Integer windowSize,
            Double scanRadius,
            Integer minimumPoints,
            ColumnList columns)
            throws Exception {
        if (!HeldRows.hold(context.timeContext(Long.class), counts, held, input)) {
            open(context);
            release(input, true, null);
        }
    }

    /** The watermark has passed a time: each of its rows comes out with its partition's hotspots, it among the points. */
    public void onTimer(
            OnTimerContext context,
            MapView<Integer, double[]> points,
            MapView<Long, Integer> counts,
            MapView<Row, Row> held)
            throws Exception {
        open(context);
        for (Row row : HeldRows.take(counts, held, context.timeContext(Long.class).time())) {
            double[] point = coordinates.of(row);
            release(row, false, point == null ? null : hotspots(points, coordinates.key(row), point));
        }
    }

    private String hotspots(MapView<Integer, double[]> points, Row key, double[] point) throws Exception {
        int size = settings.windowSize();
        PointWindow window = windows.get(key);
        if (window == null) {
            window = StoredPoints.window(
                    points, size, settings.scanRadius(), settings.minimumPoints(), coordinates.count());
            windows.put(key, window);
        }
        StoredPoints.put(points, size, window.next(), point);
        window.add(point);
        return window.hotspots();
    }

    private void release(Row row, boolean isLate, String result) {
        collect(Row.join(columns.values(row), Row.of(isLate, result)));
    }

    private void open(Context context) {
        if (coordinates == null) {
            TableSemantics table = context.tableSemanticsFor(INPUT);
            columns = new InputColumns(table);
            coordinates = new Coordinates(table, settings.columns());
            windows = inMemory(MEMORY / PointWindow.bytes(settings.windowSize(), coordinates.count()));
        }
    }

    /** A map of so many windows, at least a window: a window more puts out the one that was not used for longest. */
    private static Map<Row, PointWindow> inMemory(long limit) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Row, PointWindow> eldest) {
                return size() > Math.max(1, limit);
            }
        };
    }
}
