"""The function stagger: windows per key that a first row opens, what it refuses, its state, and a restore."""

# ruff: noqa: S608  (queries of names and texts of this file)

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flink import rest
from java import FUNCTIONS
from pipeline import cases, statements
from pipeline.job import load
from tests.emulated import wait_for
from tests.sql import here

MINUTE = timedelta(minutes=1)
MILLISECOND = timedelta(milliseconds=1)
COLUMNS = "k STRING, k2 INT, n INT, t TIMESTAMP(3), WATERMARK FOR t AS t - INTERVAL '2' SECOND"
CALL = "stagger(input => TABLE {} PARTITION BY {}, length => {}, on_time => DESCRIPTOR({}), uid => '{}')"
HOUR = "INTERVAL '1' HOUR"
Row = tuple[Any, ...]


def call_of(table: str, key: str = "k", length: str = "INTERVAL '1' MINUTE", time: str = "t", uid: str = "one") -> str:
    """The function in FROM."""
    return CALL.format(table, key, length, time, uid)


def environment(**options: str) -> Any:
    """An environment with the function, in the Flink of the tests. options: with _ for a dot and __ for a dash."""
    more = {name.replace("__", "-").replace("_", "."): value for name, value in options.items()}
    made = statements.environment({**here(), "parallelism.default": "1", "table.local-time-zone": "UTC", **more})
    made.execute_sql(f"CREATE TEMPORARY FUNCTION stagger AS '{FUNCTIONS['stagger']}' LANGUAGE JAVA")
    return made


def declare(env: Any, name: str, folder: Path, columns: str = COLUMNS, **options: str) -> None:
    """A table of JSON lines."""
    folder.mkdir(parents=True, exist_ok=True)
    clause = {"connector": "filesystem", "path": folder.as_uri(), "format": "json", **options}
    listed = ", ".join(f"'{option}' = '{value}'" for option, value in clause.items())
    env.execute_sql(f"CREATE TEMPORARY TABLE {name} ({columns}) WITH ({listed})")


def write(file: Path, rows: Iterable[Row]) -> None:
    """Rows of k, k2, n and t as a file that is complete when it is there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"k": k, "k2": k2, "n": n, "t": t.isoformat(" ", "milliseconds")}) for k, k2, n, t in rows]
    hidden = file.with_name(f".{file.name}")
    hidden.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    hidden.rename(file)


def at(time: str) -> datetime:
    """A time of one day, or a whole one."""
    return datetime.fromisoformat(time if " " in time else f"2026-11-22 {time}")


@pytest.fixture
def released(jvm: Path, tmp_path: Path) -> Callable[..., list[Row]]:  # noqa: ARG001 (it prepares the JVM)
    """The rows that come out, as they come: k, n, is_late, rowtime as a text."""

    def run(rows: Sequence[Row], key: str = "k", **options: str) -> list[Row]:
        env = environment(**options)
        write(tmp_path / "in" / "rows.json", rows)
        declare(env, "t", tmp_path / "in")
        query = f"SELECT k, n, is_late, CAST(rowtime AS STRING) FROM {call_of('t', key)}"
        with env.execute_sql(query).collect() as found:
            return [tuple(row) for row in found]

    return run


def numbered(*rows: tuple[str | None, str]) -> list[Row]:
    """Rows of keys and times, numbered from 1."""
    return [(key, None, number, at(time)) for number, (key, time) in enumerate(rows, 1)]


def test_windows(released: Any) -> None:
    """A window has the rows from its first to its last millisecond, in the order of their times, at that millisecond.

    The order in which rows come does not matter within the watermark. A row at the end opens the next window. One
    watermark closes several windows of a key, in their order. NULL is a key.
    """
    rows = numbered(
        ("a", "11:00:20"),
        ("a", "11:00:30"),
        ("b", "11:00:29.500"),
        ("b", "11:00:29"),  # opens b's window, which the row before had opened later
        ("a", "11:01:19.999"),  # the last millisecond
        ("a", "11:01:20"),  # the end
        (None, "11:01:20"),
        ("a", "11:02:21"),
        ("a", "11:02:20"),  # a second behind, and at the end of the second window
        (None, "11:02:19"),
        ("c", "11:10:00"),
    )
    by_key: dict[Any, list[Row]] = defaultdict(list)
    for key, number, is_late, time in released(rows):
        assert not is_late
        by_key[key].append((number, time))
    assert by_key == {
        "a": [
            (1, "2026-11-22 11:01:19.999"),
            (2, "2026-11-22 11:01:19.999"),
            (5, "2026-11-22 11:01:19.999"),
            (6, "2026-11-22 11:02:19.999"),
            (9, "2026-11-22 11:03:19.999"),
            (8, "2026-11-22 11:03:19.999"),
        ],
        "b": [(4, "2026-11-22 11:01:28.999"), (3, "2026-11-22 11:01:28.999")],
        None: [(7, "2026-11-22 11:02:19.999"), (10, "2026-11-22 11:02:19.999")],
        "c": [(11, "2026-11-22 11:10:59.999")],
    }


def test_late_rows(released: Any) -> None:
    """A row whose own window would have closed comes out at once, at its own time, and says that it is late.

    A row that is behind the watermark by less is in its key's window, or opens one.
    """
    rows = numbered(
        ("a", "11:00:00"),
        ("b", "11:05:02"),  # the watermark is at 11:05:00
        ("a", "11:04:00"),  # its window ends with 11:04:59.999
        ("a", "11:04:00.001"),  # its window ends with 11:05:00
        ("a", "11:04:00.002"),
        ("b", "11:09:00"),
    )
    found = released(rows)
    assert [row for row in found if row[2]] == [
        ("a", 3, True, "2026-11-22 11:04:00.000"),
        ("a", 4, True, "2026-11-22 11:04:00.001"),
    ]
    assert ("a", 5, False, "2026-11-22 11:05:00.001") in found


def test_extreme_times(released: Any) -> None:
    """Times before 1970 and in the year 9999 have their windows like others, and hurt no other key."""
    rows = numbered(
        ("a", "0001-01-01 00:00:00"),
        ("a", "1969-12-31 23:59:59.999"),
        ("a", "1970-01-01 00:00:59.998"),
        ("b", "2026-11-22 11:00:00"),
        ("a", "9999-12-31 23:58:00"),
    )
    assert released(rows) == [
        ("a", 1, False, "0001-01-01 00:00:59.999"),
        ("a", 2, False, "1970-01-01 00:00:59.998"),
        ("a", 3, False, "1970-01-01 00:00:59.998"),
        ("b", 4, False, "2026-11-22 11:00:59.999"),
        ("a", 5, False, "9999-12-31 23:58:59.999"),
    ]


def windows(rows: Iterable[Row], key: Callable[[Row], Any], length: timedelta = MINUTE) -> list[Row]:
    """Key, count, sum of n and last millisecond of each window, from the times alone."""
    by_key: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        by_key[key(row)].append(row)
    found = []
    for own, its in by_key.items():
        ordered = sorted(its, key=lambda row: row[3])
        while ordered:
            end = ordered[0][3] + length
            inside = [row for row in ordered if row[3] < end]
            ordered = ordered[len(inside) :]
            found.append(
                (own, len(inside), sum(row[2] for row in inside), (end - MILLISECOND).isoformat(" ", "milliseconds"))
            )
    return sorted(found, key=str)


def made(seed: int, count: int) -> list[Row]:
    """Rows of some keys over some hours, up to 2 s out of order."""
    chance = random.Random(seed)
    time, rows = at("11:00:00"), []
    for number in range(count):
        time += timedelta(milliseconds=chance.choice((0, 1, 999, 1000, 2000, 5000, 59_999, 60_000)))
        behind = timedelta(milliseconds=chance.choice((0, 0, 0, 1, 500, 1999)))
        rows.append((chance.choice(("a", "b", "c", None)), chance.choice((1, 2, 3, None)), number, time - behind))
    return rows


@pytest.mark.parametrize("parallelism", [1, 4])
def test_any_rows(jvm: Path, tmp_path: Path, parallelism: int) -> None:  # noqa: ARG001
    """2,000 rows out of order, two uses in one job, keys of one column and of two: the windows that the times make.

    A window of a millisecond gathers the rows for an aggregate. No row is late.
    """
    rows = made(16, 2_000)
    env = environment(parallelism_default=str(parallelism))
    for part in range(parallelism):  # so that each subtask has a part of the rows
        write(tmp_path / "in" / f"{part}.json", rows if not part else [])
    declare(env, "t", tmp_path / "in")
    env.execute_sql("CREATE TEMPORARY VIEW keyed AS SELECT *, ROW(k, k2) AS both_keys FROM t")
    together = env.create_statement_set()
    uses = {"short": ("t", "k", "INTERVAL '1' MINUTE", "k"), "long": ("keyed", "both_keys", HOUR, "k, k2")}
    for name, (table, key, length, columns) in uses.items():
        env.execute_sql(f"CREATE TEMPORARY VIEW {name} AS SELECT * FROM {call_of(table, key, length, uid=name)}")
        declare(env, f"{name}_out", tmp_path / name, "k STRING, k2 INT, c BIGINT, s BIGINT, t STRING")
        k2 = "k2" if "k2" in columns else "CAST(NULL AS INT)"
        together.add_insert_sql(
            f"INSERT INTO {name}_out SELECT k, {k2}, COUNT(*), SUM(n), CAST(window_time AS STRING) "
            f"FROM TABLE(TUMBLE(TABLE {name}, DESCRIPTOR(rowtime), INTERVAL '0.001' SECOND)) WHERE NOT is_late "
            f"GROUP BY {columns}, window_start, window_end, window_time"
        )
    together.execute().wait()
    short = [(row["k"], row["c"], row["s"], row["t"]) for row in cases.rows(tmp_path / "short")]
    long = [((row["k"], row["k2"]), row["c"], row["s"], row["t"]) for row in cases.rows(tmp_path / "long")]
    assert sorted(short, key=str) == windows(rows, lambda row: row[0])
    assert sorted(long, key=str) == windows(rows, lambda row: row[:2], timedelta(hours=1))


@pytest.fixture(scope="module")
def refusal(jvm: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:  # noqa: ARG001
    """Why Flink does not plan a query."""
    folder = tmp_path_factory.mktemp("refused")
    env = environment()
    declare(env, "t", folder)
    declare(env, "late", folder, f"is_late STRING, {COLUMNS}")
    declare(env, "times", folder, f"rowtime STRING, {COLUMNS}")
    env.execute_sql("CREATE TEMPORARY VIEW counts AS SELECT k, t, COUNT(*) AS c FROM t GROUP BY k, t")

    def why(query: str) -> str:
        with pytest.raises(Exception) as error:  # noqa: PT011 (Flink's own, through the gateway)
            env.explain_sql(query)
        return str(error.value)

    return why


LENGTH = "stagger: length has to be an INTERVAL of a millisecond or more, written out, such as INTERVAL '1' MINUTE."


@pytest.mark.parametrize(
    ("call_", "sentence"),
    [
        (call_of("t", length="INTERVAL '0' SECOND"), LENGTH),
        (call_of("t", length="INTERVAL '-1' MINUTE"), LENGTH),
        (call_of("t", length="2 * INTERVAL '1' MINUTE"), LENGTH),
        (
            call_of("late"),
            "stagger: the input has a column 'is_late', which is a column of the result: give it another name.",
        ),
        (
            call_of("times"),
            "stagger: the input has a column 'rowtime', which is a column of the result: give it another name.",
        ),
        (call_of("counts"), "doesn't support consuming update changes"),
        (call_of("t", time="n"), "The `on_time` argument must reference a TIMESTAMP or TIMESTAMP_LTZ column"),
        (
            "stagger(input => TABLE t, length => INTERVAL '1' MINUTE, on_time => DESCRIPTOR(t))",
            "Table argument 'input' requires a PARTITION BY clause",
        ),
        (f"{call_of('t')} UNION ALL SELECT * FROM {call_of('t', length=HOUR)}", "Duplicate unique identifier 'one'"),
    ],
)
def test_refused(refusal: Callable[[str], str], call_: str, sentence: str) -> None:
    """What has no windows is refused before the job runs, and by a sentence."""
    assert sentence in refusal(f"SELECT * FROM {call_}")


def test_a_job_with_two_cases(jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """A job's folder with the function: its cases run in one job of Flink; a late record is an error, in no row."""
    job = load(Path(__file__).parent / "faults" / "staggered")
    assert job.sources == ("events",)
    assert job.views.index("opening") < job.views.index("held") < job.views.index("counted")
    times = ("11:00:20", "11:01:19", "11:01:20", "11:01:10")
    lines = [{"Device": "a", "SentAt": f"2026-11-22 {time}.000", "Number": n} for n, time in enumerate(times)]
    case = cases.Case(
        "late",
        {"events": [cases.Record(json.dumps(line).encode(), cases.SHARD, cases.ARRIVAL) for line in lines]},
        {"counts": (), "error_stream": ()},
    )
    env = environment()
    env.execute_sql("DROP TEMPORARY FUNCTION stagger")
    together = env.create_statement_set()
    for number in (1, 2):
        for statement in cases.declared(env, job, case, f"case_{number}", tmp_path / str(number)):
            together.add_insert_sql(statement)
    together.execute().wait()
    for number in (1, 2):
        assert cases.rows(tmp_path / str(number) / "counts") == [
            {"Device": "a", "WindowEnd": "2026-11-22 11:01:20.000", "Events": 2, "Numbers": 1},
            {"Device": "a", "WindowEnd": "2026-11-22 11:02:20.000", "Events": 1, "Numbers": 2},
        ]
        (error,) = cases.rows(tmp_path / str(number) / "error_stream")
        assert (error["ERROR_NAME"], error["DATA_ROWTIME"]) == ("LATE", "2026-11-22 11:01:10.000")


def test_state_and_restore(jvm: Path, tmp_path: Path) -> None:  # noqa: ARG001
    """Rows that are held back are in a savepoint, for another parallelism and state backend; it goes with the window.

    5,000 keys have a row each when the job is stopped. Restored, it gives each with the time of its window. What
    is left in a checkpoint is less than a fifth: what sources and sinks have without them.
    """
    first = at("11:00:00")
    rows = [(f"key {n}", None, n, first + timedelta(milliseconds=n)) for n in range(5_000)]
    write(tmp_path / "in" / "1.json", rows)
    running = _Running(tmp_path)
    running.start("rocksdb", 2, {})
    wait_for(lambda: running.size() > 50_000, 60, "a checkpoint has the rows")
    full = running.size()
    savepoint = running.job.stop(60, (tmp_path / "savepoints").as_uri())
    assert list(_committed(tmp_path / "out")) == []
    running.start("hashmap", 4, {"execution.state-recovery.path": savepoint})
    end = first + timedelta(minutes=10)
    write(tmp_path / "in" / "2.json", [(f"later {n}", None, n, end) for n in range(4)])
    try:
        wait_for(lambda: len(list(_committed(tmp_path / "out"))) >= len(rows), 90, "all rows come out")
        wait_for(lambda: 0 < running.size() < full / 5, 60, "the state is gone")
    finally:
        running.job.cancel(60)
    found = sorted((row["n"], row["t"]) for row in _committed(tmp_path / "out"))
    assert found == [(n, (time + MINUTE - MILLISECOND).isoformat(" ", "milliseconds")) for _key, _k2, n, time in rows]


class _Running:
    """A job that reads files as they come."""

    job: rest.Job

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, backend: str, parallelism: int, more: Mapping[str, str]) -> None:
        options = {
            **here(),
            "parallelism.default": str(parallelism),
            "table.local-time-zone": "UTC",
            "execution.checkpointing.interval": "500 ms",
            "execution.checkpointing.incremental": "false",
            "table.exec.source.idle-timeout": "1 s",  # of the subtasks that have no file
            "state.backend.type": backend,
            "pipeline.max-parallelism": "128",
            **more,
        }
        env = statements.environment(options)
        env.execute_sql(f"CREATE TEMPORARY FUNCTION stagger AS '{FUNCTIONS['stagger']}' LANGUAGE JAVA")
        declare(env, "t", self.folder / "in", **{"source.monitor-interval": "200 ms"})
        soon = {"sink.rolling-policy.rollover-interval": "1 s", "sink.rolling-policy.check-interval": "200 ms"}
        declare(env, "o", self.folder / "out", "n INT, t STRING", **soon)
        client = env.execute_sql(
            f"INSERT INTO o SELECT n, CAST(rowtime AS STRING) FROM {call_of('t')} WHERE NOT is_late"
        ).get_job_client()
        cluster = rest.Cluster(f"http://{options['rest.address']}:{options['rest.port']}")
        self.job = cluster.job(str(client.get_job_id()))

    def size(self) -> int:
        """The bytes of the newest checkpoint; 0 without one."""
        latest = self.job.checkpoints()["latest"]["completed"]
        return int(latest["state_size"]) if latest else 0


def _committed(folder: Path) -> Iterable[dict[str, Any]]:
    return cases.rows(folder) if folder.is_dir() else ()
