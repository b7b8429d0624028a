"""The values of --input: which file or folder has the records of which source, in all commands alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flink import inputs
from jobs import __main__ as jobs_command
from local import __main__ as local_command
from pipeline.job import load
from program.errors import Unusable

BIKES = load("bike_rentals")
KEPT = BIKES.folder / "reference" / "stations.csv"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files and folders of records."""
    names = ("rentals.jsonl", "stations.csv", "both/RENTALS.jsonl", "both/STATIONS_file", "one/RENTALS/a", "more/x")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "rentals", "stations"),
    [
        (["rentals.jsonl"], "rentals.jsonl", KEPT),  # the only stream
        (["RENTALS=rentals.jsonl"], "rentals.jsonl", KEPT),
        (["RENTALS=more"], "more", KEPT),
        (["both"], "both/RENTALS.jsonl", "both/STATIONS_file"),
        (["one"], "one/RENTALS", KEPT),
        (["RENTALS=more", "STATIONS_file=stations.csv"], "more", "stations.csv"),
        (["rentals.jsonl", "STATIONS_file=more"], "rentals.jsonl", "more"),
        (["stations.csv", "RENTALS=more"], "more", "stations.csv"),  # the only one that is left
        (["both", "STATIONS_file=stations.csv"], "both/RENTALS.jsonl", "stations.csv"),
        (["./RENTALS=x"], "RENTALS=x", KEPT),  # a path
    ],
)
@pytest.mark.usefixtures("here")
def test_a_path_for_each_source(given: list[str], rentals: str, stations: Path | str) -> None:
    """TABLE=PATH is a table's; another path is the stream's, or has all by name; else data is in the folder."""
    Path("RENTALS=x").touch()
    found = inputs.read(BIKES, given)
    assert list(found) == list(BIKES.sources)
    assert found == {"RENTALS": Path(rentals), "STATIONS_file": Path(stations)}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["nowhere"], "There is no file or folder nowhere."),
        (["RENTALS=nowhere"], "There is no file or folder nowhere."),
        (["rentals=more"], "bike_rentals has no source rentals (did you mean 'RENTALS'?)."),
        (["zebra=more"], "bike_rentals has no source zebra (there are RENTALS, STATIONS_file)."),
        (["STATIONS_file=more"], "RENTALS has no records: give --input RENTALS=PATH, or a folder that has a file or"),
        (["more"], "more has no RENTALS: give --input RENTALS=PATH, or a folder that has a file or folder for each of"),
        (["RENTALS=more", "RENTALS=both"], "--input has two paths for RENTALS: leave one of them"),
        (["rentals.jsonl", "more"], "--input has 2 paths without a table's name: write TABLE=PATH for each."),
        (["more", "RENTALS=more", "STATIONS_file=more"], "--input more is of no table: each of RENTALS and STATION"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_is_wrong_with_a_path(given: list[str], told: str) -> None:
    """A sentence says what is wrong with a value, or which source has no records, and how it gets them."""
    with pytest.raises(Unusable) as caught:
        inputs.read(BIKES, given)
    assert told in str(caught.value)


@pytest.mark.usefixtures("here")
def test_reference_data_that_is_nowhere() -> None:
    """Without a path for a reference table, and without its file in the folder, the sentence has both remedies."""
    table = replace(BIKES.tables["STATIONS_file"], settings={"bucket": "b", "key": "lists/gone.csv"})
    job = replace(BIKES, tables={**BIKES.tables, "STATIONS_file": table})
    with pytest.raises(Unusable) as caught:
        inputs.read(job, ["rentals.jsonl"])
    assert str(caught.value).startswith("rentals.jsonl has no STATIONS_file, and ")
    assert str(caught.value).endswith(
        "reference/gone.csv does not exist: give --input STATIONS_file=PATH, or put its content there."
    )


def test_a_job_with_a_single_source(here: Path) -> None:
    """Any file or folder is that of its records, whatever its name."""
    job = load("unicorn_summary")
    for path in ("rentals.jsonl", "more"):
        assert inputs.read(job, [path]) == inputs.read(job, [f"readings={path}"]) == {"readings": Path(path)}
    assert here.is_dir()


def test_the_content_of_a_folder(tmp_path: Path) -> None:
    """All lines of its files, in the order of their names; what Flink skips is left out, and no two lines are one."""
    for name, text in {"b": "3\n", "a/x": "1", "a/y": "2\n\n", ".hidden": "4", "_part": "5", "c": ""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert inputs.content(tmp_path) == b"1\n2\n\n3\n"
    assert inputs.content(tmp_path / "a" / "x") == b"1"


@pytest.mark.parametrize(
    ("main", "command"),
    [
        (jobs_command.main, ["run", "bike_rentals"]),
        (jobs_command.main, ["watch", "bike_rentals"]),
        (local_command.main, ["replay", "bike_rentals"]),
    ],
)
@pytest.mark.usefixtures("here")
def test_all_commands_have_the_same_words(
    main: Callable[[list[str]], int], command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command that takes --input refuses the same values by the same sentence."""
    assert main([*command, "--input", "RENTAL=more"]) == 2
    told = "--input RENTAL=more: bike_rentals has no source RENTAL (did you mean 'RENTALS'?).\n"
    assert capsys.readouterr().err.endswith(told)
