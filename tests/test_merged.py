"""One jar of many: what is brought together, what is dropped, and that equal inputs give equal bytes."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from connectors import jars, merged
from local import lib


def jar(path: Path, **entries: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def content(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_merged(tmp_path: Path) -> None:
    """Services of all, each line once; the first of two files; licences under their jar's name; nothing signed."""
    one = jar(
        tmp_path / "one-1.jar",
        **{
            "a__A.class": "first",
            "META-INF__services__f.Factory": "# a comment\nf.One\n\nf.Both # again\n",
            "META-INF__LICENSE": "MIT",
            "META-INF__MANIFEST.MF": "Manifest-Version: 1.0",
            "META-INF__KEY.SF": "signed",
            "META-INF__KEY.RSA": "signed",
            "META-INF__INDEX.LIST": "index",
            "module-info.class": "module",
            "META-INF__versions__9__module-info.class": "module",
            "amazon-kinesis-producer-native-binaries__linux__kinesis_producer": "ELF",
        },
    )
    two = jar(
        tmp_path / "two-2.jar",
        **{
            "a__A.class": "second",
            "a__B.class": "second",
            "META-INF__services__f.Factory": "f.Both\nf.Two",
            "META-INF__NOTICE.txt": "thanks",
            "META-INF__licenses__LICENSE.protobuf": "BSD",
        },
    )
    assert content(merged.merge([one, two], tmp_path / "out" / "all.jar")) == {
        "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nMulti-Release: true\r\n\r\n",
        "META-INF/licenses/one-1/LICENSE": "MIT",
        "META-INF/licenses/two-2/NOTICE.txt": "thanks",
        "META-INF/licenses/two-2/LICENSE.protobuf": "BSD",
        "META-INF/services/f.Factory": "f.One\nf.Both\nf.Two\n",
        "a/A.class": "first",
        "a/B.class": "second",
    }


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    """Times and the order of entries are not those of the inputs."""
    (tmp_path / "later").mkdir()
    first = jar(tmp_path / "one.jar", a="1", b="2")
    again = jar(tmp_path / "later" / "one.jar", a="1", b="2")
    outs = [merged.merge([source], tmp_path / f"out-{at}.jar") for at, source in enumerate((first, again))]
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_made_once(tmp_path: Path) -> None:
    """A jar made from the same files is left alone, one from others is made anew; half a jar is never there."""
    source = jar(tmp_path / "one.jar", a="1")
    out = merged.merge([source], tmp_path / "all.jar")
    made = out.stat().st_mtime_ns
    merged.merge([source], out)
    assert out.stat().st_mtime_ns == made
    jar(source, a="2")
    assert content(merged.merge([source], out))["a"] == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.jar", "one.jar"]


def test_the_jobs_own_jar(tmp_path: Path) -> None:
    """Everything the job needs beside Flink: every connector, format and function is found in it, and no executable."""
    lib.require()
    sources = [*(lib.JARS / one.file_name for one in jars.locked("job")), lib.FUNCTIONS]
    out = merged.merge(sources, tmp_path / "job.jar")
    with zipfile.ZipFile(out) as archive:
        names = set(archive.namelist())
        factories = archive.read("META-INF/services/org.apache.flink.table.factories.Factory").decode().split()
    assert {name.rpartition(".")[2] for name in factories} >= {
        "KinesisDynamicTableFactory",
        "DynamoDbDynamicSinkFactory",
        "JsonLines",
    }
    assert {"wildrydes/JsonRecord.class", "wildrydes/ShardWatermark.class"} <= names
    assert all(f"{name.replace('.', '/')}.class" in names for name in factories)
    assert not any("native-binaries" in name for name in names)
    assert out.stat().st_size < 45_000_000
    assert not [name for name in names if name.startswith("org/apache/flink/api/common/")], "no core of Flink"


@pytest.mark.parametrize("jar_", jars.locked("job"), ids=lambda one: one.artifact)
def test_no_licence_is_lost(jar_: jars.Jar, tmp_path: Path) -> None:
    """Each licence of each jar is in the merged one, byte for byte."""
    source = lib.JARS / jar_.file_name
    with zipfile.ZipFile(source) as archive:
        texts = {
            hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if not name.endswith((".class", "/"))
            and any(word in name.rpartition("/")[2].upper() for word in ("LICENSE", "NOTICE"))
        }
    out = merged.merge([source], tmp_path / "out.jar")
    with zipfile.ZipFile(out) as archive:
        kept = {
            hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if name.startswith("META-INF/licenses/")
        }
    assert texts <= kept
