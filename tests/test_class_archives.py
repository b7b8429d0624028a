"""Class data archives: Flink loads its classes from them, and starts without them too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flink import distribution
from local.setup import class_archives

CLASSES = {
    "job": "org.apache.flink.table.planner.delegation.StreamPlanner",
    "cluster": "org.apache.flink.runtime.taskexecutor.TaskExecutor",
}


def java(options: list[str], class_path: list[Path], *more: str) -> subprocess.CompletedProcess[str]:
    """Run Java with these options, with `--version` or the given arguments."""
    command = [distribution.java_program(), *options, "-classpath", ":".join(map(str, class_path)), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("of", CLASSES)
def test_set_up_made_the_archive(of: str) -> None:
    """Flink's own classes are loaded from the archive, with the JVM's default collector."""
    jars = distribution.job_jars() if of == "job" else distribution.cluster_jars()
    options = distribution.archived(jars)
    assert options, "make setup has made it"
    done = java([*options, "-Xlog:class+load"], jars, CLASSES[of])  # the class has no `main`: the error comes last
    loaded = next(line for line in done.stdout.splitlines() if f" {CLASSES[of]} " in line)
    assert "shared objects file" in loaded


def test_another_class_path_has_none(tmp_path: Path) -> None:
    """A changed, added or missing jar makes another class path, which has no archive."""
    jars = distribution.cluster_jars()
    other = tmp_path / "other.jar"
    other.touch()
    assert distribution.archived(jars)
    assert not distribution.archived([*jars, other])
    assert not distribution.archived(jars[1:])
    first = distribution.archive([other])
    other.write_bytes(b"changed")
    assert distribution.archive([other]) != first


@pytest.mark.parametrize("misfit", ["another class path", "no archive at all", "gone"])
def test_java_starts_without_a_word(tmp_path: Path, misfit: str) -> None:
    """With any file in the archive's place, Java starts, and its output is the usual output."""
    options = distribution.archived(distribution.cluster_jars())
    archive = tmp_path / "archive.jsa"
    if misfit == "no archive at all":
        archive.write_text("something else")
    if misfit != "another class path":
        options[0] = f"-XX:SharedArchiveFile={archive}"
    jars = distribution.job_jars()
    done, plain = java(options, jars, "--version"), java([], jars, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == plain.stdout.splitlines()[:2]


def test_below_a_folder_with_a_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyFlink splits the options at spaces, so in such a folder Flink starts without an archive."""
    assert "-XX:SharedArchiveFile=" in distribution.jvm(tmp_path)["JVM_ARGS"]
    monkeypatch.setattr(distribution, "ARCHIVES", tmp_path / "a folder")
    made = distribution.archive(distribution.job_jars())
    made.parent.mkdir()
    made.touch()
    assert distribution.archived(distribution.job_jars())
    assert "Archive" not in distribution.jvm(tmp_path)["JVM_ARGS"]


def test_nothing_is_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class path with an archive gets no second archive; archives of old class paths are removed."""
    monkeypatch.setattr(class_archives, "_run", lambda *_: pytest.fail("it has been made"))
    monkeypatch.setattr(distribution, "ARCHIVES", tmp_path)
    wanted = {distribution.archive(jars()) for jars in (distribution.job_jars, distribution.cluster_jars)}
    for name in (*wanted, tmp_path / "old.jsa"):
        name.touch()
    (tmp_path / "of a set-up that was killed").mkdir()
    class_archives.make()
    assert set(tmp_path.iterdir()) == wanted
