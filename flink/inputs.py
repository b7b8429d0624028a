"""The records of a run without a stream: the values of --input, a file or folder for each source of a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors import files
from pipeline import binding, results
from pipeline.job import NAME, Job
from program.errors import Unusable, hint, shown
from program.formats import listed

FOLDER = "reference"  # in a job's folder: the content of objects of reference data
FORMS = (
    "a file, each line of which is a record, or a folder of such files. For several sources: TABLE=PATH for each, or a "
    "folder that has a file or folder for each, by the table's name; a file may have an ending. Without any, a "
    "reference table has the file in the job's folder reference/."
)


def read(job: Job, given: Sequence[str]) -> dict[str, Path]:
    """The file or folder of each source. given: TABLE=PATH, and at most one PATH for the sources that none names.

    A path for a single stream is its records. Raises Unusable for a source without records, for a path that does not
    exist, and for an unknown table.
    """
    found: dict[str, Path] = {}
    others: list[Path] = []
    for text in given:
        table, path = _split(job, text)
        if not path.exists():
            raise Unusable(f"There is no file or folder {path}.")
        if table in found:
            raise Unusable(f"--input has two paths for {table}: leave one of them, or name a folder that has both.")
        if table:
            found[table] = path
        else:
            others.append(path)
    if len(others) > 1:
        raise Unusable(f"--input has {len(others)} paths without a table's name: write TABLE=PATH for each.")
    return _complete(job, found, others[0] if others else None)


def _split(job: Job, text: str) -> tuple[str, Path]:
    """The table, empty for none, and the path. Raises Unusable for a table that is no source of the job."""
    table, is_named, path = text.partition("=")
    if not is_named or not NAME.fullmatch(table) or (table not in job.sources and Path(text).exists()):
        return "", Path(text)
    if table not in job.sources:
        raise Unusable(f"--input {text}: {job.name} has no source {table}{hint(table, job.sources)}.")
    return table, Path(path)


def _complete(job: Job, named: Mapping[str, Path], other: Path | None) -> dict[str, Path]:
    """The path of each source, in the order of the job. other: of those that are not named."""
    streams = results.streams(job)
    left = [source for source in streams if source not in named] or [one for one in job.sources if one not in named]
    if other is not None and not left:
        raise Unusable(f"--input {other} is of no table: each of {listed(job.sources)} has its own path.")
    found = dict(named)
    for source in job.sources:
        if source in named:
            continue
        path = None if other is None else _of(job, source, other, left)
        if path is None and source not in streams and (kept := kept_file(job, source)).is_file():
            path = kept
        if path is None:
            raise Unusable(_missing(job, source, other))
        found[source] = path
    return {source: found[source] for source in job.sources}


def _of(job: Job, source: str, path: Path, left: Sequence[str]) -> Path | None:
    """The records of a source in a path that is given for the sources which are left; None if it has none."""
    if len(job.sources) == 1 or (path.is_file() and [source] == list(left)):
        return path
    inside = binding.input_of(path, job, source)
    return inside if inside.exists() else None


def _missing(job: Job, source: str, other: Path | None) -> str:
    lack = f"{source} has no records" if other is None else f"{other} has no {source}"
    remedy = f"give --input {source}=PATH"
    if source not in results.streams(job):
        return f"{lack}, and {shown(kept_file(job, source))} does not exist: {remedy}, or put its content there."
    return f"{lack}: {remedy}, or a folder that has a file or folder for each of {listed(job.sources)}, by its name."


def kept_file(job: Job, table: str) -> Path:
    """The file in the job's folder that stands for the object of a reference table. It need not exist."""
    return kept(job.folder, job.tables[table].settings["key"])


def kept(folder: Path, key: str) -> Path:
    """The file in a job's folder that stands for the object of this key. It need not exist."""
    return folder / FOLDER / key.rpartition("/")[2]


def content(path: Path) -> bytes:
    """The lines of a file, or of all files in a folder in the order of their names. Raises OSError."""
    if path.is_file():
        return path.read_bytes()
    contents = [file.read_bytes() for file in files.below(path)]
    return b"".join(one if one.endswith(b"\n") or not one else one + b"\n" for one in contents)
