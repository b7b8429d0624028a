"""`python -m kda migrate`: what is written of each example, that it loads and passes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kda.applications import Application
from kda.check import check
from kda.migration import folder, leaving_out
from kda.migration.compared import compared
from kda.migration.folder import MANIFEST, Occupied
from kda.migration.paths import put, steps
from kda.migration.yaml_text import flow
from kda.places import Code, File
from kda.reader import read
from kda.rule import Kind, Subject
from pipeline.cases import _Plain
from program.errors import Unusable

EXAMPLES = Path(__file__).parent / "kda"


def of_sql(text: str) -> Application:
    return Application(None, Code.whole(File("a.sql", text)))


def the_application(name: str) -> Application:
    return read(EXAMPLES / name).applications[0]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "a",
            "null",
            "Null",
            "true",
            "1",
            "1.5",
            "1e3",
            "~",
            "",
            " a",
            "a b",
            "yes",
            "- a",
            "a: b",
            "#",
            "a #b",
            "{a}",
        ),
        *("it's", '"', "\\", "\n", "\t", "\x7f", "\x85", "\u2028", "\ufeff", "é", "😀", "@", "%", "!", "&a", "*a", "?"),
        *(
            "2026-01-05",
            "2026-01-05 10:00:00.000",
            "10:00:00",
            "0x1f",
            "1_000",
            "a-b",
            "a, b",
            "[",
            "=",
            "<<",
            "a\\u0041",
        ),
        *(0, -1, 2**63, 1.5, 1e300, 1e-7, -0.0, True, False, None),
        {"a": {"b": [1, "x", None, {"c": []}]}, "with: colon": 1, "1": 2, "null": 3},
    ],
)
def test_values_of_yaml(value: Any) -> None:
    """What is written into a test is what the pipeline reads of it."""
    text = f"- {{a: {flow(value)}}}\n"
    (read_,) = yaml.load(text, _Plain)  # noqa: S506  (a safe loader of our own)
    assert read_ == {"a": value}
    assert type(read_["a"]) is type(value)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("$.a.b", {"a": {"b": 1}}),
        ("$['a b'].c", {"a b": {"c": 1}}),
        ("$.rows[0:].x", {"rows": [{"x": 1}]}),
        ("$.rows[2].x", {"rows": [None, None, {"x": 1}]}),
        ("$[*]", [1]),
        ("$", 1),
    ],
)
def test_paths(path: str, document: Any) -> None:
    """A record that is made up has a value where the column's path looks for it."""
    found = steps(path)
    assert found is not None
    assert put(None, found, 1) == document


@pytest.mark.parametrize("path", ["$..a", "$.a[?(@.b)]", "$.a[999]", "$."])
def test_paths_that_are_not_understood(path: str) -> None:
    """A column with another path is left out of records that are made up."""
    assert steps(path) is None


def test_what_is_compared() -> None:
    """The constants beside a column, what a CAST makes of it, and the columns that a join makes equal."""
    found = compared(
        Subject.of(
            of_sql(
                """CREATE STREAM "OUT" (A INTEGER);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM CASE "kind" WHEN 'x' THEN 1 ELSE CAST("number" AS INTEGER) END
FROM "IN_001" AS i JOIN "NAMES" AS n ON i."id" = n."key"
WHERE (i."price" > 10 OR -2 < i."price") AND i."text" LIKE '%a!_b_' ESCAPE '!' AND i."other" IN ('y', 'z')
  AND CHAR_TO_TIMESTAMP('dd/MM/yyyy', i."day") IS NOT NULL;"""
            )
        )
    )
    assert (found["kind"].texts, found["number"].types, found["price"].numbers) == (["x"], ["INTEGER"], [10, -2])
    assert (found["text"].texts, found["other"].texts, found["day"].formats) == (["a_ba"], ["y", "z"], ["dd/MM/yyyy"])
    assert found["key"].group == found["id"].group == "id"


LEFT = """CREATE STREAM "A" ("x" INTEGER);
-- of A
CREATE PUMP "PA" AS INSERT INTO "A" SELECT STREAM "x" FROM "IN_001";
CREATE STREAM "B" ("x" INTEGER);
CREATE PUMP "PB" AS INSERT INTO "B" SELECT STREAM "x" FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM * FROM "A"), 1, 1, 1));
CREATE STREAM "C" ("x" INTEGER);
CREATE PUMP "PC" AS INSERT INTO "C" SELECT STREAM "x" FROM "B";
ALTER PUMP "PB" STOP;
ALTER PUMP "PC" START;
"""


def test_pumps_that_are_left_out() -> None:
    """A pump is taken away with the streams that only it writes and what starts it; each other place stays."""
    found = leaving_out.without(of_sql(LEFT), ["PB", "PC"])
    assert (found.pumps, found.streams) == (("PB", "PC"), ("B", "C"))
    program = Subject.of(found.application).program
    assert ([pump.name for pump in program.pumps], list(program.streams)) == (["PA"], ["A"])
    assert len(found.application.code.text) == len(LEFT)
    assert program.pumps[0].statement.offset == LEFT.index('CREATE PUMP "PA"')
    assert {one.rule.kind for one in check(found.application).findings} == {Kind.DECIDE}


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["PB"], "Pump PC reads B, which only pumps that are left out write: leave it out too, with --leave-out PC."),
        (["PD"], "--leave-out PD: there is no such pump (there are PA, PB, PC)."),
        (["PA", "PB", "pc"], "--leave-out names every pump: nothing would be computed."),
    ],
)
def test_pumps_that_cannot_be_left_out(names: list[str], told: str) -> None:
    """What reads a stream that is gone has to go too. Names are as KDA has them: unquoted in upper case."""
    with pytest.raises(Unusable) as error:
        leaving_out.without(of_sql(LEFT), names)
    assert str(error.value) == told


def test_a_cannot_is_refused_with_its_remedy() -> None:
    """Every CANNOT is named with its line and page, and the flags by which the rest is migrated."""
    with pytest.raises(leaving_out.Refused) as error:
        leaving_out.require(check(of_sql(LEFT)), "a.sql")
    assert str(error.value).splitlines() == [
        "a.sql is not migrated, and nothing was written: 1 CANNOT of `kda check`.",
        "  line 5  K91 HOTSPOTS has no counterpart (docs/kda/cannot.md#k91)",
        "Migrate the rest with --leave-out PB.",
    ]
    with pytest.raises(leaving_out.Refused, match="K92: no pump is to blame"):
        leaving_out.require(check(the_application("parking.yaml")), "parking.yaml")


FILES = {"job.toml": b"# a\n", "views/a.sql": b"SELECT 1\n"}


def nothing_wrong(_folder: Path) -> None:
    pass


def test_a_folder_is_written_again_only_as_it_was_written(tmp_path: Path) -> None:
    """The manifest has each file's sum. Whatever was edited, added or removed is named, and stays as it is."""
    job = tmp_path / "job"
    folder.write(job, FILES, "a.sql", nothing_wrong)
    folder.write(job, FILES | {"views/b.sql": b"SELECT 2\n"}, "a.sql", nothing_wrong)
    assert set(json.loads((job / MANIFEST).read_text())["files"]) == {"job.toml", "views/a.sql", "views/b.sql"}
    folder.write(job, FILES, "a.sql", nothing_wrong)
    assert sorted(path.name for path in job.rglob("*.sql")) == ["a.sql"]
    (job / "views" / "a.sql").write_bytes(b"SELECT 3\n")
    (job / "views" / "mine.sql").write_bytes(b"SELECT 4\n")
    (job / "job.toml").unlink()
    with pytest.raises(Occupied) as error:
        folder.write(job, FILES, "a.sql", nothing_wrong)
    assert "views/a.sql was edited; views/mine.sql was added; job.toml was removed" in str(error.value)
    assert (job / "views" / "a.sql").read_bytes() == b"SELECT 3\n"
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


def test_a_folder_of_others_is_not_touched(tmp_path: Path) -> None:
    """What no migration wrote is refused; an empty folder is taken; a file is no folder."""
    (tmp_path / "mine").mkdir()
    folder.write(tmp_path / "mine", FILES, "a.sql", nothing_wrong)
    (tmp_path / "mine" / MANIFEST).unlink()
    with pytest.raises(Occupied, match="was not written by `python -m kda migrate`"):
        folder.write(tmp_path / "mine", FILES, "a.sql", nothing_wrong)
    (tmp_path / "file").touch()
    with pytest.raises(Occupied, match="is no folder"):
        folder.write(tmp_path / "file", FILES, "a.sql", nothing_wrong)
    with pytest.raises(Occupied, match="cannot be written"):
        folder.write(tmp_path / "file" / "job", FILES, "a.sql", nothing_wrong)


def test_a_folder_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """A folder that is not right once it is written takes nobody's place, and leaves nothing behind."""

    def wrong(new: Path) -> None:
        assert (new / "views" / "a.sql").is_file()
        raise Unusable("wrong")

    folder.write(tmp_path / "job", FILES, "a.sql", nothing_wrong)
    with pytest.raises(Unusable, match="wrong"):
        folder.write(tmp_path / "job", {"job.toml": b"", "views/a.sql": b""}, "a.sql", wrong)
    assert (tmp_path / "job" / "job.toml").read_bytes() == FILES["job.toml"]
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


@pytest.mark.parametrize("job", ["9lives", "jobs/a-b", "a b", "", "/"])
def test_names_of_jobs(job: str) -> None:
    """A folder that no job can have is refused before anything is read."""
    with pytest.raises(Unusable, match="is no name of a job"):
        folder.of(job)
