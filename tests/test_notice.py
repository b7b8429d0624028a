"""LICENSE and NOTICE: all third-party parts of the package are named, in their versions."""

from __future__ import annotations

import re
import zipfile

import pytest

from java import jars, paths

COORDINATES = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+")
LICENCES = {"Apache-2.0", "MIT-0"}


def listed(text: str) -> dict[str, str]:
    """The coordinates in a part of NOTICE, each on its own line, with the licence above them."""
    found, licence = {}, ""
    for line in text.splitlines():
        if line.startswith("Licence: "):
            licence = line.removeprefix("Licence: ")
        elif line.startswith("  ") and COORDINATES.fullmatch(line.strip()):
            assert line.strip() not in found
            found[line.strip()] = licence
    return found


@pytest.fixture(scope="module")
def archives() -> dict[str, str]:
    """The archives in the package's jar, with their licences."""
    return listed((paths.ROOT / "NOTICE").read_text(encoding="utf-8"))


def test_the_licence() -> None:
    """LICENSE is the complete text of Apache-2.0."""
    text = (paths.ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_locked_jar_is_named(archives: dict[str, str]) -> None:
    """NOTICE has the package's archives from the lock, in these versions, in this order, each with its licence."""
    assert list(archives) == [jar.coordinates for jar in jars.locked("job")]
    assert set(archives.values()) <= LICENCES


def test_the_licence_texts_are_passed_on(archives: dict[str, str]) -> None:
    """An archive without its own licence text has the licence of LICENSE, or a licence that requires no text."""
    for jar in jars.locked("job"):
        with zipfile.ZipFile(paths.JARS / jar.file_name) as archive:
            brings = any(re.fullmatch(r"META-INF/LICENSE(\.txt)?", name) for name in archive.namelist())
        assert brings or archives[jar.coordinates] in ("Apache-2.0", "MIT-0")


def test_the_page_names_its_own() -> None:
    """The file that NOTICE refers to exists, and names the page's libraries."""
    text = (paths.PAGE / "licenses.txt").read_text(encoding="utf-8")
    assert "## leaflet - " in text
    assert "## @aws-sdk/client-kinesis - " in text
