"""Whatever happens to a file: `check` answers or says in a sentence what it expected, and never breaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kda.check import check
from kda.malformed import Malformed
from kda.reader import read

EXAMPLES = Path(__file__).parent / "kda"
# The large program has nothing that the others lack.
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in EXAMPLES.iterdir() if path.name != "wind_farm.sql"}
PIECES = {name: re.findall(r"\w+|\s+|.", text, re.DOTALL) for name, text in TEXTS.items()}
ODD = [
    "'",
    '"',
    "(",
    ")",
    ";",
    "--",
    "/*",
    "*/",
    "${",
    "}",
    "{",
    "[",
    "]",
    ",",
    "\\",
    "\n",
    "\t",
    "é",
    "\x00",
    "\ud7ff",
    "😀",
]
WORDS = [
    "SELECT",
    "STREAM",
    "FROM",
    "OVER",
    "BY",
    "INTERVAL '1' MINUTE",
    "ROWTIME",
    "CASE",
    "END",
    "AS",
    "NULL",
    "1",
    "*",
    ".",
]

Edit = tuple[str, int, int, str]
edits = st.lists(
    st.tuples(
        st.sampled_from(["delete", "double", "swap", "insert"]),
        st.integers(0, 10_000),
        st.integers(1, 12),
        st.sampled_from([*ODD, *WORDS]),
    ),
    min_size=1,
    max_size=4,
)


def edited(pieces: list[str], changes: list[Edit]) -> str:
    """The text after the changes; places beyond its end begin again at its start."""
    pieces = list(pieces)
    for what, at, length, text in changes:
        begin = at % max(len(pieces), 1)
        part = pieces[begin : begin + length]
        pieces[begin : begin + length] = {
            "delete": [],
            "double": part * 2,
            "swap": part[::-1],
            "insert": [text, *part],
        }[what]
    return "".join(pieces)


def answered(path: Path) -> None:
    """Read and check a file; what cannot be read is told in a sentence, with a place within the file."""
    lines = len(re.split(r"\r\n|\r|\n", path.read_bytes().decode("utf-8")))
    refusal = None
    try:
        reports = [check(application) for application in read(path).applications]
        assert all(1 <= one.place.line <= lines for report in reports for one in report.findings)
    except Malformed as error:
        refusal = error
    if refusal is not None:
        assert 0 <= refusal.line <= lines
        assert str(refusal).endswith(".")
        assert "expected" in refusal.problem or "not understood" in refusal.problem


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(TEXTS)), changes=edits)
def test_changed_examples(name: str, changes: list[Edit], folder: Path) -> None:
    """Words taken out, doubled, turned round, put in: in SQL, JSON, YAML and Terraform."""
    path = folder / name
    path.write_bytes(edited(PIECES[name], changes).encode())
    answered(path)


@settings(max_examples=100, deadline=None)
@given(
    words=st.lists(st.sampled_from([*ODD, *WORDS, "CREATE", "PUMP", "INSERT INTO", "GROUP BY", "JOIN"]), max_size=30)
)
def test_words_in_any_order(words: list[str], folder: Path) -> None:
    """No example at all."""
    path = folder / "words.sql"
    path.write_bytes(" ".join(words).encode())
    answered(path)
