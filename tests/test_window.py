"""The length of windows, which only views/windowed.sql has: reading it, and the job with other windows."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

from pipeline import window
from pipeline.job import load
from pipeline.window import Window, WindowError
from tests.sql import reading, run
from tests.test_sql_properties import problems

JOB = load("unicorn_summary")

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def windowed(call: str) -> str:
    return f"SELECT *\nFROM TABLE({call}) -- noqa: LT01, INTERVAL '9' DAY"


def of(kind: str, *intervals: str) -> str:
    return windowed(f"{kind}(TABLE timed, DESCRIPTOR(event_time), {', '.join(intervals)})")


def test_the_jobs_own_window() -> None:
    """A minute, as in the contract."""
    assert (JOB.window().kind, JOB.window().size, JOB.window().step) == ("TUMBLE", MINUTE, MINUTE)


@pytest.mark.parametrize(
    ("sql", "size", "step"),
    [
        (of("TUMBLE", "INTERVAL '10' SECOND"), 10 * SECOND, 10 * SECOND),
        (of("tumble", "interval '5' minute"), 5 * MINUTE, 5 * MINUTE),
        (of("TUMBLE", "INTERVAL '1:30' MINUTE TO SECOND"), 90 * SECOND, 90 * SECOND),
        (of("TUMBLE", "INTERVAL '0.5' SECOND"), SECOND / 2, SECOND / 2),
        (of("TUMBLE", "INTERVAL '1 02:00:00' DAY TO SECOND(3)"), 26 * HOUR, 26 * HOUR),
        (of("HOP", "INTERVAL '30' SECOND", "INTERVAL '1' MINUTE"), MINUTE, 30 * SECOND),
        (of("CUMULATE", "INTERVAL '1' HOUR", "INTERVAL '1' DAY"), 24 * HOUR, HOUR),
        (
            windowed(
                "HOP(DATA => TABLE timed, TIMECOL => DESCRIPTOR(event_time), SIZE => INTERVAL '1' HOUR,"
                " SLIDE => INTERVAL '10' MINUTE)"
            ),
            HOUR,
            10 * MINUTE,
        ),
    ],
)
def test_reading_a_window(sql: str, size: timedelta, step: timedelta) -> None:
    """Each kind, unit and spelling that Flink accepts."""
    found = window.read(sql)
    assert (found.size, found.step, found.column) == (size, step, "event_time")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM timed",
        of("SESSION", "INTERVAL '1' MINUTE"),
        of("TUMBLE"),
        of("HOP", "INTERVAL '1' MINUTE"),
        of("TUMBLE", "INTERVAL '1' MINUTE", "INTERVAL '1' MINUTE", "INTERVAL '1' MINUTE", "SLIDE => INTERVAL '1' DAY"),
        of("TUMBLE", "INTERVAL '1:30' SECOND"),
        of("TUMBLE", "INTERVAL 'x' MINUTE"),
        of("TUMBLE", "INTERVAL '1' DAY", "INTERVAL '-8' HOUR"),
        of("TUMBLE", "INTERVAL '0' MINUTE"),
        of("HOP", "INTERVAL '0' MINUTE", "INTERVAL '1' MINUTE"),
        of("TUMBLE", "INTERVAL '-1' MINUTE"),
        of("HOP", "INTERVAL '5' MINUTE", "INTERVAL '7' MINUTE"),
        of("HOP", "INTERVAL '5' MINUTE", "INTERVAL '1' MINUTE"),
        of("CUMULATE", "INTERVAL '2' MINUTE", "INTERVAL '5' MINUTE"),
    ],
)
def test_a_window_that_cannot_be_read(sql: str) -> None:
    """Windows without a readable length are an error."""
    with pytest.raises(WindowError) as refused:
        window.read(sql)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("program", ["jobs", "local", "deploy"])
def test_a_window_that_cannot_be_read_is_one_sentence_of_every_program(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each program prints the error as a sentence, in all commands that read windows."""
    main = import_module(f"{program}.__main__")

    def run(_parsed: object) -> int:
        window.read("SELECT * FROM timed")
        return 0

    monkeypatch.setattr(import_module(f"{program}.command").program, "invoke", run)
    assert main.main(["status"]) == 2
    assert capsys.readouterr().err.startswith("views/windowed.sql needs TUMBLE, HOP or CUMULATE")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "time", "ends"),
    [
        (Window("TUMBLE", "t", MINUTE, MINUTE), "2026-11-22 12:00:59.999", ["2026-11-22 12:01:00"]),
        (Window("TUMBLE", "t", MINUTE, MINUTE), "2026-11-22 12:01:00", ["2026-11-22 12:02:00"]),
        (Window("TUMBLE", "t", MINUTE, MINUTE), "1969-12-31 23:59:59.999", ["1970-01-01 00:00:00"]),
        (Window("TUMBLE", "t", MINUTE, MINUTE), "0001-01-01 00:00:00", ["0001-01-01 00:01:00"]),
        (
            Window("HOP", "t", MINUTE, 30 * SECOND),
            "2026-11-22 12:00:10",
            ["2026-11-22 12:00:30", "2026-11-22 12:01:00"],
        ),
        (
            Window("CUMULATE", "t", 3 * MINUTE, MINUTE),
            "2026-11-22 12:01:10",
            ["2026-11-22 12:02:00", "2026-11-22 12:03:00"],
        ),
    ],
)
def test_the_windows_of_a_time(found: Window, time: str, ends: Sequence[str]) -> None:
    """The ends of all windows that contain a time, the earliest first."""
    assert found.ends(at(time)) == [at(end) for end in ends]


@pytest.mark.parametrize(
    ("found", "time", "since", "until"),
    [
        (Window("TUMBLE", "t", MINUTE, MINUTE), "2026-11-22 12:00:00", "2026-11-22 12:00:00", "2026-11-22 12:00:00"),
        (Window("TUMBLE", "t", MINUTE, MINUTE), "2026-11-22 12:00:01", "2026-11-22 12:01:00", "2026-11-22 12:00:00"),
        (Window("HOP", "t", MINUTE, 20 * SECOND), "2026-11-22 12:00:01", "2026-11-22 12:01:00", "2026-11-22 12:00:00"),
        (Window("CUMULATE", "t", HOUR, MINUTE), "2026-11-22 12:00:01", "2026-11-22 13:00:00", "2026-11-22 12:00:00"),
    ],
)
def test_whole_windows(found: Window, time: str, since: str, until: str) -> None:
    """Windows are whole between `whole_after` of the first reading and `last_end` of the last reading."""
    assert (found.whole_after(at(time)), found.last_end(at(time))) == (at(since), at(until))


def edited(folder: Path, text: str) -> str:
    """The path of a copy of the job's folder with another views/windowed.sql."""
    copy = folder / "unicorn_summary"
    shutil.copytree(JOB.folder, copy)
    (copy / "views" / "windowed.sql").write_text(text)
    return str(copy)


def flight() -> list[bytes]:
    """Readings of two hours, many out of order: some are late for all their windows, others only for some."""
    chance = random.Random(11)
    lines = []
    for second in range(600, 7800, 3):
        time = second - chance.choice([0, 0, 0, 0, 4, 7, 15, 40, 100, 600])
        clock = f"{12 + time // 3600}:{time // 60 % 60:02d}:{time % 60:02d}.{chance.choice(['000', '999'])}"
        lines.append(reading(chance.choice("ab"), clock, chance.randint(0, 400) / 10))
    return lines


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize(
    "text",
    [
        of("TUMBLE", "INTERVAL '10' SECOND"),
        of("TUMBLE", "INTERVAL '5' MINUTE"),
        of("TUMBLE", "INTERVAL '1' HOUR"),
        of("HOP", "INTERVAL '20' SECOND", "INTERVAL '1' MINUTE"),
        of("CUMULATE", "INTERVAL '20' SECOND", "INTERVAL '2' MINUTE"),
    ],
)
def test_the_job_with_another_window(text: str, tmp_path: Path) -> None:
    """Every record is in the rows of its open windows, or once on the errors stream. No other file is edited."""
    job = edited(tmp_path / "jobs", text)
    lines = flight()
    outcome = run(lines, tmp_path / "run", job=job)
    assert problems(lines, outcome, ["shard"] * len(lines), load(job).window()) == []
    late = [row for row in outcome.errors if row["ERROR_NAME"] == "LATE"]
    assert 0 < len(late) < len(lines) / 2
