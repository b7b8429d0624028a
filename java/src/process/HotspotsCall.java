package process;

import java.io.Serializable;
import java.util.List;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.types.ColumnList;

/** What a call of hotspots must be, checked when the job is planned. Each method raises ValidationException, a sentence. */
final class HotspotsCall {
    private static final int LARGEST_WINDOW = 10_000;
    private static final double SMALLEST_RADIUS = 1e-150; // its square, and that of the largest, is a DOUBLE
    private static final double LARGEST_RADIUS = 1e150;

    private HotspotsCall() {}

    /** The arguments of a call. columns: the coordinates; null if all numbers are. */
    record Settings(int windowSize, double scanRadius, int minimumPoints, List<String> columns)
            implements Serializable {}

    /** Of a call that was checked. */
    static Settings settings(CallContext call) {
        List<String> columns =
                call.getArgumentValue(4, ColumnList.class).map(list -> List.copyOf(list.getNames())).orElse(null);
        return new Settings(
                constant(call, 1, "window_size", Integer.class),
                constant(call, 2, "scan_radius", Double.class),
                constant(call, 3, "minimum_points", Integer.class),
                columns);
    }

    /**
     * Flink 2.3 converts no constant to the declared type of such a function's argument, and its generated code does not
     * compile then.
     */
    static void checkTypes(CallContext call) {
        checkType(call, 1, "window_size", LogicalTypeRoot.INTEGER, "an INT such as 1000");
        checkType(call, 2, "scan_radius", LogicalTypeRoot.DOUBLE, "a DOUBLE such as 2E-1, which is 0.2");
        checkType(call, 3, "minimum_points", LogicalTypeRoot.INTEGER, "an INT such as 20");
    }

    private static void checkType(CallContext call, int place, String name, LogicalTypeRoot root, String wanted) {
        LogicalType type = call.getArgumentDataTypes().get(place).getLogicalType();
        require(type.is(root), name + " is of the type " + type.copy(true) + ": give " + wanted);
    }

    /** At the end of planning, when the constants are known. */
    static void checkConstants(CallContext call) {
        int window = constant(call, 1, "window_size", Integer.class);
        double radius = constant(call, 2, "scan_radius", Double.class);
        int minimum = constant(call, 3, "minimum_points", Integer.class);
        require(window >= 2 && window <= LARGEST_WINDOW, "window_size is " + window + ": give 2 to " + LARGEST_WINDOW);
        require(
                radius >= SMALLEST_RADIUS && radius <= LARGEST_RADIUS,
                "scan_radius is " + radius + ": give a number from " + SMALLEST_RADIUS + " to " + LARGEST_RADIUS);
        require(
                minimum >= 2 && minimum <= window,
                "minimum_points is " + minimum + ": give 2 to window_size, which is " + window);
    }

    /** The columns that are coordinates. */
    static void checkColumns(CallContext call) {
        TableSemantics table = call.getTableSemantics(0).orElseThrow();
        ColumnList columns = call.getArgumentValue(4, ColumnList.class).orElse(null);
        if (columns != null) {
            checkNamed(table, columns);
        } else if (call.isArgumentNull(4)) {
            checkAll(table);
        }
    }

    private static void checkNamed(TableSemantics table, ColumnList columns) {
        List<String> names = DataType.getFieldNames(table.dataType());
        for (String name : columns.getNames()) {
            require(names.contains(name), "the table has no column " + name);
            LogicalType type = type(table, names.indexOf(name));
            require(
                    NumericColumns.TYPES.contains(type.getTypeRoot()),
                    "the column " + name + " is of the type " + type + ": CAST it to DOUBLE");
        }
        require(!columns.getNames().isEmpty(), "columns names no column");
    }

    private static void checkAll(TableSemantics table) {
        String decimal = NumericColumns.decimal(table);
        require(
                decimal == null,
                "the column " + decimal
                        + " is a DECIMAL: CAST it to DOUBLE, or name the coordinates by columns => DESCRIPTOR(..)");
        require(new Coordinates(table, null).count() > 0, "no column is a number: CAST one to DOUBLE");
    }

    private static LogicalType type(TableSemantics table, int place) {
        return DataType.getFieldDataTypes(table.dataType()).get(place).getLogicalType();
    }

    private static <T> T constant(CallContext call, int place, String name, Class<T> type) {
        return call.getArgumentValue(place, type)
                .orElseThrow(() -> new ValidationException("hotspots: " + name + " must be a constant, and not NULL."));
    }

    private static void require(boolean isTrue, String otherwise) {
        if (!isTrue) {
            throw new ValidationException("hotspots: " + otherwise + ".");
        }
    }
}
