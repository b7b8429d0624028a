"""LICENSE and NOTICE: all third-party parts of the package are named, in their versions."""

from __future__ import annotations

import re
import zipfile

import pytest

from java import jars, paths

COORDINATES = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+")
LICENCES = {"Apache-2.0", "BSD-3-Clause", "MIT-0"}


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
def parts() -> tuple[dict[str, str], dict[str, str]]:
    """The archives in the package's jar, and the contents of the first archive."""
    archives, _, held = (paths.ROOT / "NOTICE").read_text(encoding="utf-8").partition("The first of them, ")
    assert held.startswith(jars.locked("job")[0].artifact)
    return listed(archives), listed(held)


def test_the_licence() -> None:
    """LICENSE is the complete text of Apache-2.0."""
    text = (paths.ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_locked_jar_is_named(parts: tuple[dict[str, str], dict[str, str]]) -> None:
    """NOTICE has the package's archives from the lock, in these versions, in this order, each with its licence."""
    assert list(parts[0]) == [jar.coordinates for jar in jars.locked("job")]
    assert set(parts[0].values()) <= LICENCES


def test_what_the_connector_holds_is_named(parts: tuple[dict[str, str], dict[str, str]]) -> None:
    """NOTICE has the libraries that the Kinesis connector bundles, with the licences in the connector's own notice."""
    first = jars.locked("job")[0]
    notice = zipfile.ZipFile(paths.JARS / first.file_name).read("META-INF/NOTICE").decode()
    found, licence = {}, ""
    for line in notice.splitlines():
        if line.startswith("This project bundles"):
            kinds = {"Apache": "Apache-2.0", "BSD": "BSD-3-Clause", "MIT-0": "MIT-0"}
            licence = next(name for word, name in kinds.items() if word in line)
        elif line.startswith("- ") and COORDINATES.fullmatch(line[2:].strip()):
            found[line[2:].strip()] = licence
    assert found
    assert parts[1] == found


def test_the_licence_texts_are_passed_on(parts: tuple[dict[str, str], dict[str, str]]) -> None:
    """An archive without its own licence text has the licence of LICENSE, or a licence that requires no text."""
    for jar in jars.locked("job"):
        with zipfile.ZipFile(paths.JARS / jar.file_name) as archive:
            brings = any(re.fullmatch(r"META-INF/LICENSE(\.txt)?", name) for name in archive.namelist())
        assert brings or parts[0][jar.coordinates] in ("Apache-2.0", "MIT-0")


def test_the_page_names_its_own() -> None:
    """The file that NOTICE refers to exists, and names the page's libraries."""
    text = (paths.PAGE / "licenses.txt").read_text(encoding="utf-8")
    assert "## leaflet - " in text
    assert "## @aws-sdk/client-kinesis - " in text
