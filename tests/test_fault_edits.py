"""What `make faults ARGS=--unprotected` takes away is there: a protection that was rewritten needs another edit."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from java import paths
from tests.checkout import Edit

CASES = Path(__file__).parent / "faults"


def edits() -> Iterator[tuple[str, Edit]]:
    """The name of each fault case with each of its edits."""
    for file in sorted(CASES.glob("test_*.py")):
        for name, case in vars(import_module(f"tests.faults.{file.stem}")).items():
            marks = getattr(case, "pytestmark", []) if name.startswith("test_") else []
            for mark in (mark for mark in marks if mark.name == "fault"):
                for edit in mark.args[1:]:
                    yield name, edit


@pytest.mark.parametrize(("name", "edit"), edits(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_edit_has_its_place(name: str, edit: Edit) -> None:
    """The text that a case takes away stands in its file."""
    assert edit.old in (paths.ROOT / edit.file).read_text(encoding="utf-8"), f"{name}: {edit.file} lacks {edit.old!r}"
