"""Build the dashboard's page from its sources with Node from PyPI; nothing is installed outside .venv and dashboard."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dashboard import node
from java import paths
from program import folders
from program.errors import Failure
from program.formats import size
from program.output import guarded

SOURCES = paths.ROOT / "dashboard"
_LIMIT = 300.0  # seconds for one step; the longest is the download of about 60 MB
_TAIL = 25  # lines of a tool's output that are shown when it fails


class BundleError(Failure):
    """The page is not built. The text is one sentence with the reason, followed by the end of the tool's output."""


def build(into: Path) -> None:
    """Build the page into this folder and replace the folder's content. Raises BundleError.

    The same sources give the same bytes: versions are locked, and a file's name follows from its content.
    """
    _provide()
    _step("TypeScript finds mistakes", "run", "--silent", "check")
    with _alone(), tempfile.TemporaryDirectory(dir=paths.ROOT, prefix=".page-") as scratch:
        fresh = Path(scratch) / "dist"
        _step("The page cannot be built", "exec", "--", "vite", "build", "--outDir", str(fresh), "--logLevel", "warn")
        if into.exists():
            shutil.rmtree(into)
        shutil.move(fresh, into)


def check() -> None:
    """Check types and style of the sources. Raises BundleError."""
    _provide()
    _step("TypeScript finds mistakes", "run", "--silent", "check")
    _step("Biome finds mistakes", "run", "--silent", "lint")


def test() -> str:
    """Run the page's unit tests on Node and return their output. Raises BundleError if a test fails."""
    _provide()
    return _step("Unit tests of the page fail", "run", "--silent", "test")


def _provide() -> None:
    """Install the packages of package-lock.json into node_modules if missing: checksums verified, no script run."""
    lock = SOURCES / "package-lock.json"
    stamp = SOURCES / "node_modules" / ".stamp"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with _alone():
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        _step(
            "The packages that build the page cannot be had; check network and proxy, or set npm's registry",
            *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"),
        )
        stamp.write_text(wanted, encoding="ascii")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of installing and building, which other processes wait for. Raises StartError."""
    with folders.awaited(paths.ROOT / ".cache" / "page", "dashboard build", _LIMIT):
        yield


def _step(failure: str, *arguments: str) -> str:
    """Run npm in the sources and return its output. Raises BundleError, whose text begins with `failure`."""
    try:
        done = node.npm(*arguments, folder=SOURCES, seconds=_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{failure}: npm {' '.join(arguments)} did not end within {_LIMIT:.0f} s.") from error
    if done.returncode:
        output = f"{done.stdout}\n{done.stderr}".splitlines()
        raise BundleError("\n".join([f"{failure}:", *output[-_TAIL:]]))
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """`build` the page into dashboard/dist, or `check` its sources; returns 1 and prints the reason on failure."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.build", description="The dashboard's page.")
    parser.add_argument("step", choices=("build", "check"), help="build dashboard/dist, or check types and style only")
    options = parser.parse_args(arguments)
    return guarded(_build if options.step == "build" else _check)


def _build() -> int:
    build(paths.PAGE)
    bytes_ = sum(path.stat().st_size for path in paths.PAGE.rglob("*") if path.is_file())
    print(f"{paths.PAGE.relative_to(paths.ROOT)}: {size(bytes_)}")
    return 0


def _check() -> int:
    check()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
