package kda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A place in a record that paths of columns lead to or through. */
final class Node {
    /** Columns whose paths end here. */
    final List<Integer> columns = new ArrayList<>();

    /** Columns whose paths end here with {@code [0:]}: they take an array only. */
    final List<Integer> arrays = new ArrayList<>();

    private final Map<String, Node> names = new HashMap<>();
    private final Map<Integer, Node> elements = new HashMap<>();

    /** Of the place whose elements are rows: where the paths in an element begin; else null. */
    Node row;

    /** Whether an object in that place is a row itself. */
    boolean isRowItself;

    /** Its number among the names of its parent. */
    private final int number;

    Node() {
        this(0);
    }

    private Node(int number) {
        this.number = number;
    }

    /** The place that the steps lead to from here; it is made where it is not there. */
    Node at(List<Path.Step> steps) {
        Node node = this;
        for (Path.Step step : steps) {
            Node parent = node;
            node =
                    step.isName()
                            ? parent.names.computeIfAbsent(step.name(), name -> new Node(parent.names.size()))
                            : parent.elements.computeIfAbsent(step.element(), element -> new Node());
        }
        return node;
    }

    /** Puts a column where its path leads from here. */
    void add(int column, List<Path.Step> steps) {
        int last = steps.size() - 1;
        boolean isArray = last >= 0 && steps.get(last) == Path.Step.EACH;
        Node end = at(isArray ? steps.subList(0, last) : steps);
        (isArray ? end.arrays : end.columns).add(column);
    }

    Node name(String name) {
        return names.get(name);
    }

    Node element(int number) {
        return elements.get(number);
    }

    boolean hasColumns() {
        return !columns.isEmpty() || !arrays.isEmpty();
    }

    boolean hasElements() {
        return !elements.isEmpty();
    }

    /** For each of its names, whether an object had it; a new one. */
    boolean[] seen() {
        return new boolean[names.size()];
    }

    /** Whether an object had this name before; from now on it had. */
    boolean isAgain(boolean[] seen) {
        boolean before = seen[number];
        seen[number] = true;
        return before;
    }

    /** Whether the rows are here or further on. */
    boolean leadsToRows() {
        return row != null
                || names.values().stream().anyMatch(Node::leadsToRows)
                || elements.values().stream().anyMatch(Node::leadsToRows);
    }

    /** All columns whose paths lead here or on from here, those in rows too. */
    List<Integer> below() {
        List<Integer> all = new ArrayList<>(columns);
        all.addAll(arrays);
        names.values().forEach(node -> all.addAll(node.below()));
        elements.values().forEach(node -> all.addAll(node.below()));
        if (row != null) {
            all.addAll(row.below());
        }
        return all;
    }
}
