"""The jobs that `kda migrate` made of applications of KDA: their folders are what it writes, and they run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from java import paths
from kda import reader
from kda.migration import folder, migrating, origin
from kda.migration.parts import Wanted
from local import emulator
from pipeline.job import JOBS, shipped
from program.processes import ROOT

NAMES = [name for name in shipped() if origin.is_migrated(JOBS / name)]
SAMPLES = {"bike_rentals": {"STATIONS": JOBS / "bike_rentals" / "reference" / "stations.csv"}, "turbines": {}}


def test_there_are_some() -> None:
    """A filter chain with a sliding window, and a reference table with the most frequent items."""
    assert sorted(SAMPLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_what_migrate_writes(name: str) -> None:
    """Each file of the folder, but for the manifest, is written again byte for byte from its origin."""
    job = JOBS / name
    made = json.loads((job / folder.MANIFEST).read_text(encoding="utf-8"))
    sample = job / "origin" / "sample.jsonl"
    wanted = Wanted(
        job / made["origin"],
        job,
        lines=sample.read_bytes().splitlines(),
        samples={"": sample, **SAMPLES[name]},
    )
    (application,) = reader.read(wanted.path).applications
    files = migrating.migrated(application, wanted).files
    there = {path.relative_to(job).as_posix(): path.read_bytes() for path in job.rglob("*") if path.is_file()}
    assert there.pop(folder.MANIFEST) == folder.manifest(files, origin.described(wanted, application.name))
    assert there == files


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_on_streams(name: str, flink: None, tmp_path: Path) -> None:  # noqa: ARG001  (marks the test)
    """Records go through Kinesis, Flink and, for the reference table, S3; all rows are those of the model of KDA."""
    command = [sys.executable, "-m", "local", "replay", name, "--rate", "30"]
    command += ["--input", str(JOBS / name / "origin" / "sample.jsonl")]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=emulator.child({}),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "read all of the 90 records." in done.stdout
    assert "and the errors are those that a model of KDA makes of the same records, without Flink." in done.stdout
    assert "WRONG" not in done.stdout
    assert str(paths.ROOT) not in done.stdout
