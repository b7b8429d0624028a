"""A job's folder: errors with all problems, and the tables and views that any SQL reads."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from java import paths
from pipeline import references, statements
from pipeline.job import JobError, load, shipped

TEMPLATE = paths.ROOT / "pipeline" / "template"
COUNTS = "SELECT 'a' AS Device, 'b' AS MinuteEnd, COUNT(*) AS Events, 1e0 AS Amount FROM {}"


def job(folder: Path, files: Mapping[str, str | None]) -> Path:
    """The template's job as `orders`, with these files instead of its own; None for a missing file."""
    made = folder / "orders"
    shutil.copytree(TEMPLATE, made)
    for name, text in files.items():
        (made / name).parent.mkdir(exist_ok=True)
        if text is None:
            (made / name).unlink()
        else:
            (made / name).write_text(text, encoding="utf-8")
    return made


def declaration(old: str, new: str) -> str:
    text = (TEMPLATE / "job.toml").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


def problems(folder: Path, files: Mapping[str, str | None]) -> list[str]:
    with pytest.raises(JobError) as caught:
        load(job(folder, files))
    return list(caught.value.problems)


COUNTS_VIEW = "views/counts_per_minute.sql"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({COUNTS_VIEW: COUNTS.format("on_tme")}, f"{COUNTS_VIEW} reads on_tme (did you mean 'on_time'?)"),
        (
            {COUNTS_VIEW: COUNTS.format("xyz")},
            f"{COUNTS_VIEW} reads xyz, but there is no views/xyz.sql and no tables/xyz.sql",
        ),
        (
            {COUNTS_VIEW: COUNTS.format("more"), "views/more.sql": "SELECT * FROM counts_per_minute"},
            "the views counts_per_minute -> more -> counts_per_minute read each other in a circle",
        ),
        (
            {"views/more.sql": "SELECT 1"},
            "nothing reads views/more.sql: insert it, read it in a view, or remove the file",
        ),
        (
            {"tables/more.sql": "CREATE TABLE more (line BYTES)"},
            "nothing reads or writes tables/more.sql: insert it, read it in a view, or remove the file",
        ),
        (
            {"views/events.sql": "SELECT 1"},
            "events is the name of a table and of a view: rename the table or the view",
        ),
        (
            {"views/order.sql": "SELECT 1"},
            "views/order.sql: order is a reserved word of Flink's SQL, so give the file another name",
        ),
        (
            {"views/per-minute.sql": "SELECT 1"},
            "views/per-minute.sql: 'per-minute' is no name: a letter, then letters, digits or underscores",
        ),
        (
            {"job.toml": declaration("[insert]", "[inserts]")},
            'job.toml has no [insert] with a view for each sink: table = "view"',
        ),
        (
            {"job.toml": declaration("[insert]", "[inserts]")},
            "unknown [inserts] in job.toml: there are [insert] and [table.NAME]",
        ),
        (
            {"job.toml": declaration("[insert]", 'steps = ["counts_per_minut"]\n[insert]')},
            "steps names counts_per_minut, which is no view of the job (did you mean 'counts_per_minute'?)",
        ),
        (
            {"job.toml": declaration("[insert]", 'steps = "counts_per_minute"\n[insert]')},
            'steps in job.toml is no list of views: write steps = ["view"]',
        ),
        (
            {"job.toml": declaration("counts =", "sums =")},
            "[insert] names the table sums, but there is no tables/sums.sql",
        ),
        (
            {"job.toml": declaration('"counts_per_minute"', '"counts_per_hour"')},
            "[insert] names counts_per_hour (did you mean 'counts_per_minute'?)",
        ),
        (
            {"job.toml": declaration("[table.events]", "[table.event]")},
            "job.toml has no connector for the table events: write [table.events]",
        ),
        (
            {"job.toml": declaration("[table.events]", "[table.event]")},
            "[table.event] in job.toml: the job has no such table (did you mean 'events'?)",
        ),
        (
            {"job.toml": declaration('connector = "kinesis"', 'connector = "kafka"')},
            "[table.events] needs connector = 'kinesis' or 'reference', as it is a source",
        ),
        (
            {"job.toml": declaration('connector = "kinesis"', 'connector = "dynamodb"')},
            "[table.events] needs connector = 'kinesis' or 'reference', as it is a source",
        ),
        (
            {"job.toml": declaration('stream = "JOBNAME"', 'stram = "a"')},
            "[table.events] stram is no setting of a kinesis source (did you mean 'stream'?)",
        ),
        ({"job.toml": declaration('stream = "JOBNAME"', 'stram = "a"')}, "[table.events] needs stream"),
        (
            {"job.toml": declaration('stream = "JOBNAME"', "stream = 7")},
            '[table.events] stream must be a text in quotes, "7"',
        ),
        (
            {"job.toml": declaration('stream = "JOBNAME"', 'stream = "a"\nstart = "NOW"')},
            "[table.events] start is 'NOW', but must be one of TRIM_HORIZON, LATEST, AT_TIMESTAMP",
        ),
        (
            {"job.toml": declaration('"Device"', '"Devise"')},
            "[table.counts] partition_key names the column Devise, which tables/counts.sql does not have",
        ),
        (
            {"job.toml": declaration('"Device"', '["Device"]')},
            "[table.counts] partition_key must be a column",
        ),
        (
            {"job.toml": declaration('counts = "counts_per_minute"', 'counts = "counts_per_minute"\nmore = 3')},
            "[insert] more must be the name of a view",
        ),
        ({"tables/counts.sql": ""}, "tables/counts.sql must begin with CREATE TABLE counts"),
        ({"tables/counts.sql": "CREATE TABLE"}, "tables/counts.sql must begin with CREATE TABLE counts"),
        ({"job.toml": "a = " + "[" * 5000}, "job.toml is nested too deeply"),
        (
            {"job.toml": declaration("counts =", f"{'a' * 300} =")},
            f"[insert] names the table {'a' * 300}, but there is no tables/{'a' * 300}.sql",
        ),
        (
            {"job.toml": declaration("counts =", '"../counts" =')},
            "'../counts' is no name of a table: a letter, then up to 49 letters, digits or underscores",
        ),
        ({"tables/counts.sql": "CREATE TABLE count_ (a INT)"}, "tables/counts.sql must begin with CREATE TABLE counts"),
        (
            {"tables/counts.sql": "CREATE TABLE counts (a INT) WITH ('connector' = 'x')"},
            "tables/counts.sql has a WITH: declare the connector in job.toml",
        ),
        (
            {"tables/events.sql": "CREATE TABLE events (\n    line BYTES,\n    shrd STRING METADATA\n)"},
            "tables/events.sql: no connector fills the METADATA column shrd (there are shard, sequence_number, part, "
            "arrival, partition_key)",
        ),
        (
            {"tables/events.sql": "CREATE TABLE events (\n    line BYTES,\n    more STRING\n)"},
            "tables/events.sql: a source has one column for the record, such as line BYTES; the others are METADATA or "
            "computed (there are line, more)",
        ),
        (
            {"job.toml": declaration('stream = "JOBNAME"', 'stream = "a"\nstart.timestamp = "2026-11-22T06:00:00Z"')},
            '[table.events] start: write a key with a dot in quotes, such as "start.timestamp"',
        ),
    ],
)
def test_problems(tmp_path: Path, files: Mapping[str, str | None], expected: str) -> None:
    """A problem is a clause with the file or the key, and perhaps the remedy."""
    assert expected in problems(tmp_path, files)


KEYED = """
[table.counts]
connector = "dynamodb"
table = "counts"
"""


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("", ["[table.counts] needs key"]),
        ('key = "Device"', ["[table.counts] key must be a list of columns"]),
        ("key = []", ["[table.counts] key must be a list of columns"]),
        (
            'key = ["Device", "Minute"]',
            ["[table.counts] key names the column Minute, which tables/counts.sql does not have"],
        ),
        (
            'key = ["Device", "MinuteEnd"]\ngrows = ["Events"]\nshrinks = ["Events"]',
            ["[table.counts] Events cannot both grow and shrink"],
        ),
        (
            'key = ["Device", "MinuteEnd"]\ngrows = ["MinuteEnd"]',
            ["[table.counts] grows names the column MinuteEnd, which is no number"],
        ),
        (
            'key = ["Device", "MinuteEnd", "Events"]',
            ["[table.counts] key has 3 columns: DynamoDB allows 1 or 2"],
        ),
    ],
)
def test_keys_of_an_item(tmp_path: Path, keys: str, expected: list[str]) -> None:
    """A DynamoDB table needs a key of existing columns."""
    text = declaration(
        '[table.counts]\nconnector = "kinesis"\nstream = "JOBNAME-counts"\npartition_key = "Device"\n', KEYED + keys
    )
    assert problems(tmp_path, {"job.toml": text}) == expected


def test_a_sink_is_no_source(tmp_path: Path) -> None:
    """A view that reads a sink is the only problem of such a job."""
    files = {COUNTS_VIEW: COUNTS.format("on_time JOIN counts ON TRUE")}
    expected = f"{COUNTS_VIEW} reads the table counts, which is a sink: read a view or a source"
    assert problems(tmp_path, files) == [expected]


def test_all_problems_together(tmp_path: Path) -> None:
    """Several problems are on a line each; a single problem is a sentence."""
    with pytest.raises(JobError) as caught:
        load(job(tmp_path, {"views/more.sql": "SELECT 1", COUNTS_VIEW: COUNTS.format("on_tme")}))
    first, *others = str(caught.value).splitlines()
    assert first == f"The job in {tmp_path / 'orders'} cannot be used:"
    assert [line[:2] for line in others] == ["  "] * 2
    (tmp_path / "orders" / "views" / "more.sql").unlink()
    with pytest.raises(JobError) as caught:
        load(tmp_path / "orders")
    assert str(caught.value).endswith(f"cannot be used: {COUNTS_VIEW} reads on_tme (did you mean 'on_time'?).")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[insert\n", "job.toml cannot be read ("),
        ("a = 1\na = 2\n", "job.toml cannot be read ("),
        ("insert = 1\n", "insert in job.toml is no table of TOML: write [insert]"),
    ],
)
def test_toml(tmp_path: Path, text: str, expected: str) -> None:
    """The error for invalid TOML has the position."""
    (problem,) = problems(tmp_path, {"job.toml": text})
    assert problem.startswith(expected)
    assert "line " in problem or "cannot be read" not in problem


def test_a_folder_that_is_no_job(tmp_path: Path) -> None:
    """The error has a similar name, or the command that makes a folder."""
    with pytest.raises(JobError, match=r"it has no job.toml: `python -m jobs new NAME` makes a folder"):
        load(str(tmp_path))
    with pytest.raises(JobError, match=r"there is no such job .did you mean 'unicorn_summary'.."):
        load("unicorn_sumary")
    with pytest.raises(JobError, match=r"there is no such job .did you mean 'unicorn_summary'.."):
        load("Unicorn_Summary")
    assert "unicorn_summary" in shipped()


def test_a_name_of_its_own(tmp_path: Path) -> None:
    """The folder's name is the job's."""
    shutil.copytree(TEMPLATE, tmp_path / "per-hour")
    with pytest.raises(JobError, match="'per-hour' is no name of a job"):
        load(tmp_path / "per-hour")


def test_the_template_is_a_job(tmp_path: Path) -> None:
    """A view is declared before the views that read it. Files missing in the job's folder are shared files."""
    found = load(job(tmp_path, {}))
    assert (found.sources, found.sinks) == (("events",), ("counts", "error_stream"))
    assert found.views[0] == "checked"
    for number, view in enumerate(found.views):
        assert set(references.of(found.texts[view])) <= {*found.sources, *found.views[:number]}
    assert "orders" in "".join(text for text in statements.declarations(found, connectors()) if "PUMP_NAME" in text)


def connectors() -> dict[str, statements.Connector]:
    nothing = statements.Connector({}, metadata=dict.fromkeys(("shard", "sequence_number", "part", "arrival"), ""))
    return dict.fromkeys(("events", "counts", "error_stream"), nothing)


def test_an_own_view_takes_the_place_of_a_shared_view(tmp_path: Path) -> None:
    """The job's own file wins over the shared file with the same name."""
    own = "SELECT * FROM windowed WHERE is_last"
    found = load(job(tmp_path, {"views/on_time.sql": own}))
    assert found.texts["on_time"] == own


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM a", ["a"]),
        ("SELECT * FROM a, b AS x, c WHERE d = e", ["a", "b", "c"]),
        ("SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (x)", ["a", "b", "c"]),
        ("SELECT * FROM a UNION ALL SELECT * FROM b", ["a", "b"]),
        ("SELECT * FROM a WHERE x IN (SELECT y FROM b)", ["a", "b"]),
        ("SELECT * FROM (SELECT * FROM a) AS b, c", ["a", "c"]),
        ("SELECT * FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(t), INTERVAL '1' MINUTE))", ["a"]),
        ("SELECT EXTRACT(DAY FROM t), TRIM(BOTH ' ' FROM s), SUBSTRING(s FROM 2) FROM a", ["a"]),
        ("SELECT * FROM a WHERE x IS DISTINCT FROM y AND x IS NOT DISTINCT FROM z", ["a"]),
        ("SELECT DISTINCT x FROM a", ["a"]),
        ("WITH b AS (SELECT * FROM a), c AS (SELECT * FROM b) SELECT * FROM c", ["a"]),
        ("WITH b (x, y) AS (SELECT * FROM a) SELECT * FROM b", ["a"]),
        ("SELECT * FROM (a JOIN b ON a.x = b.x), c", ["a", "b", "c"]),
        ("SELECT * FROM a CROSS JOIN UNNEST(a.list) AS l (x)", ["a"]),
        ("SELECT * FROM a, LATERAL TABLE(split(a.x)) AS t (y)", ["a"]),
        ("SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.x = a.x)", ["a", "b"]),
        ("SELECT 'FROM x', -- FROM y\n/* FROM z */ 1 FROM a", ["a"]),
        ("SELECT 'it''s FROM x' FROM a", ["a"]),
        ("select `from` from `a b`, `c``d`", ["a b", "c`d"]),
        ("SELECT * FROM a GROUP BY x, y ORDER BY z, w", ["a"]),
        ("SELECT * FROM a FOR SYSTEM_TIME AS OF t", ["a"]),
        ("SELECT MAX(x) OVER (PARTITION BY y ORDER BY z) FROM a", ["a"]),
        ("SELECT * FROM (VALUES (1, 2)) AS v (x, y), a", ["a"]),
        ("SELECT x FROM a AS first_one, b second_one WHERE TRUE", ["a", "b"]),
        ("SELECT * FROM f(input => TABLE a PARTITION BY (x, y), t => DESCRIPTOR(z), uid => 'b'), c", ["a", "c"]),
        ("SELECT * FROM a JOIN LATERAL TABLE(f(x)) ON TRUE JOIN f (input => (SELECT * FROM b)) ON TRUE", ["a", "b"]),
    ],
)
def test_references(sql: str, expected: list[str]) -> None:
    """The tables and views that a SELECT reads, and no other names."""
    assert references.of(sql) == expected


def test_columns() -> None:
    """Physical columns only, with their types as Flink prints them."""
    table = """
        CREATE TABLE t ( -- FROM x
            line BYTES,
            `a b` DECIMAL(10, 2) NOT NULL COMMENT 'x, y',
            r ROW<x INT, y ARRAY<STRING>>,
            shard STRING METADATA,
            m AS f(line, 'x, y'),
            WATERMARK FOR m AS m - INTERVAL '1' SECOND,
            PRIMARY KEY (line) NOT ENFORCED
        )"""
    assert references.columns(table) == {
        "line": "BYTES",
        "a b": "DECIMAL(10, 2)",
        "r": "ROW<x INT, y ARRAY<STRING>>",
    }


def test_a_file_that_is_no_utf_8(tmp_path: Path) -> None:
    """The error names the file."""
    folder = job(tmp_path, {})
    (folder / COUNTS_VIEW).write_bytes("-- für\nSELECT 1".encode("latin-1"))
    with pytest.raises(JobError, match=rf"{COUNTS_VIEW} cannot be read as UTF-8"):
        load(folder)


def test_a_semicolon_at_the_end_is_no_part_of_a_statement(tmp_path: Path) -> None:
    text = (TEMPLATE / COUNTS_VIEW).read_text(encoding="utf-8")
    loaded = load(job(tmp_path, {COUNTS_VIEW: f"{text.rstrip()};\n"}))
    assert loaded.texts["counts_per_minute"] == text.strip()


def test_a_link_keeps_its_own_name(tmp_path: Path) -> None:
    """The job's name is the link's name, not its target's."""
    link = tmp_path / "bills"
    link.symlink_to(job(tmp_path, {}))
    assert load(str(link)).name == "bills"


@pytest.mark.parametrize("name", ["x" * 300, "no\0file"])
def test_a_name_that_no_file_can_have(name: str) -> None:
    with pytest.raises(JobError, match="there is no such job"):
        load(name)
