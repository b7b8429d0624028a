"""npm's place, extent and cache do not depend on the user's home folder and shell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dashboard import node
from java import paths


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An npm that prints its arguments."""
    monkeypatch.delenv("npm_config_cache", raising=False)
    monkeypatch.setattr(node, "NPM", (sys.executable, "-c", "import sys; print('\\n'.join(sys.argv[1:]))"))
    monkeypatch.chdir(tmp_path)


def arguments(folder: Path) -> list[str]:
    return node.npm("ci", folder=folder, seconds=30).stdout.splitlines()


@pytest.mark.usefixtures("npm")
@pytest.mark.parametrize("home", ["/nonexistent", "", "/proc"])
def test_a_home_that_cannot_be_written(home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a writable home folder the cache is in the checkout, and no home folder is made."""
    monkeypatch.setenv("HOME", home)
    cache = f"--cache={paths.ROOT / '.cache' / 'npm'}"
    assert arguments(tmp_path) == ["--global=false", "--include=dev", cache, "ci"]
    assert not Path("/nonexistent").exists()


@pytest.mark.usefixtures("npm")
def test_a_cache_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writable cache of the user is used, as npm itself selects it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert arguments(tmp_path) == ["--global=false", "--include=dev", "ci"]
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "mine"))
    assert arguments(tmp_path) == ["--global=false", "--include=dev", "ci"]
