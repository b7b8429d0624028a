"""The dashboard's page from its sources, with a Node from PyPI: nothing is installed outside of .venv and dashboard."""

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
_LIMIT = 300.0  # seconds for one step; the download, some 60 MB, takes longest
_TAIL = 25  # lines of a tool's output that are shown when it fails


class BundleError(Failure):
    """The page is not built; the text says why in one sentence, and then shows the end of the tool's output."""


def build(into: Path) -> None:
    """Build the page into this folder, in place of what is there. Raises BundleError.

    The same sources give the same bytes: versions are locked, and files are named by what is in them.
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
    """Types and style of the sources. Raises BundleError."""
    _provide()
    _step("TypeScript finds mistakes", "run", "--silent", "check")
    _step("Biome finds mistakes", "run", "--silent", "lint")


def test() -> str:
    """Run the page's unit tests on Node; what they print. Raises BundleError if one fails."""
    _provide()
    return _step("Unit tests of the page fail", "run", "--silent", "test")


def _provide() -> None:
    """What package-lock.json names, into node_modules, unless it is there; by its checksums, and none of it is run."""
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
    """After whoever else installs or builds here, and before anybody else does. Raises StartError."""
    with folders.awaited(paths.ROOT / ".cache" / "page", "dashboard build", _LIMIT):
        yield


def _step(failure: str, *arguments: str) -> str:
    """Run npm in the sources; its output. Raises BundleError that begins with `failure`."""
    try:
        done = node.npm(*arguments, folder=SOURCES, seconds=_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{failure}: npm {' '.join(arguments)} did not end within {_LIMIT:.0f} s.") from error
    if done.returncode:
        output = f"{done.stdout}\n{done.stderr}".splitlines()
        raise BundleError("\n".join([f"{failure}:", *output[-_TAIL:]]))
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """`build` the page into dashboard/dist, or `check` its sources; 1 with the reason if that fails."""
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
