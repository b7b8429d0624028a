"""The floors of the house: every import points down, and there is no circle."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from deploy import package
from java import paths
from pipeline.job import load

# From the ground up; folders of a floor do not import each other, unless `BESIDE` has them.
FLOORS = (
    ("program",),
    ("aws", "java", "connectors"),
    ("pipeline", "consumer", "producer", "dashboard"),
    ("main",),
    ("flink",),
    ("jobs", "deploy", "kda"),
    ("local",),
    ("benchmarks",),
)
BESIDE: dict[str, set[str]] = {}
FLOOR = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}


def named(path: str) -> str:
    """The name of the module of this file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def modules() -> dict[str, ast.Module]:
    """Every module of the project except its tests, by its name."""
    files = [*paths.ROOT.glob("*.py"), *(path for folder in FLOOR for path in (paths.ROOT / folder).rglob("*.py"))]
    found = {}
    for path in files:
        name = named(path.relative_to(paths.ROOT).as_posix())
        if name.partition(".")[0] in FLOOR:
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imported(tree: ast.Module) -> Iterator[str]:
    """The project's modules that a module imports, also within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in MODULES or node.module in MODULES:
                    yield inner if inner in MODULES else node.module


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str) -> None:
    """A module imports from its own folder and from the floors below."""
    here = name.partition(".")[0]
    for other in imported(MODULES[name]):
        there = other.partition(".")[0]
        if there != here and there not in BESIDE.get(here, ()):
            assert FLOOR[there] < FLOOR[here], f"{name} imports {other}"


def test_no_circle() -> None:
    """Modules import each other in one direction only."""
    graph = {name: set(imported(tree)) - {name} for name, tree in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_folder_with_python_has_a_floor() -> None:
    """A new folder is put on a floor before it imports anything."""
    folders = {path.parent.name for path in paths.ROOT.glob("*/*.py")} - {"tests", "node_modules", ".venv"}
    assert folders <= set(FLOOR)


def test_the_package_needs_nothing_that_managed_flink_lacks() -> None:
    """Packed modules import only each other, the standard library and PyFlink, also within functions."""
    packed = {named(path) for path in package.files(paths.ROOT, load("unicorn_summary")) if path.endswith(".py")}
    provided = {"pyflink", *sys.stdlib_module_names}
    assert {"main", "pipeline.settings", "connectors.kinesis"} < packed
    for name in packed:
        assert set(imported(MODULES[name])) <= packed, name
        for node in ast.walk(MODULES[name]):
            others = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            others += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert {other.partition(".")[0] for other in others} <= provided | {one.partition(".")[0] for one in packed}
