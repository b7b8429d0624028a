"""The committed page is built from its sources, and its unit tests pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard import build
from java import paths


@pytest.mark.slow
def test_the_committed_page_is_built_from_these_sources(tmp_path: Path) -> None:
    """The bytes are equal; a difference means that `make page` is missing."""
    build.build(tmp_path / "dist")
    built, committed = (files(tmp_path / "dist"), files(paths.PAGE))
    different = [
        str(name) for name in sorted(built.keys() | committed.keys()) if built.get(name) != committed.get(name)
    ]
    assert not different, "run `make page`, and commit dashboard/dist"


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_unit_tests_of_the_page() -> None:
    """The unit tests run on Node, from the TypeScript sources."""
    told = build.test()
    passed = re.search(r"pass (\d+)", told)
    assert passed, told
    assert int(passed[1]) > 50


@pytest.mark.slow
def test_a_failure_is_a_sentence_with_the_tools_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A failure keeps the previous page."""
    for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"):
        (tmp_path / name).write_bytes((build.SOURCES / name).read_bytes())
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.ts").write_text("const text: string = 7;\n")
    (tmp_path / "node_modules").symlink_to(build.SOURCES / "node_modules")
    (tmp_path / "dist").mkdir()
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    with pytest.raises(build.BundleError, match=r"(?s)^TypeScript finds mistakes:.*TS2322"):
        build.build(tmp_path / "dist")
    assert (tmp_path / "dist").is_dir()


def test_the_lock_names_no_host() -> None:
    """The lock has the packages' checksums only: the host is each user's own setting."""
    lock = (paths.ROOT / "dashboard" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('"integrity"') > 50
