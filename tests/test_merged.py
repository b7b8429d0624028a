"""One jar from many: its merged, omitted and reported files; equal inputs give equal bytes."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from java import jars, merged, paths


def jar(path: Path, **entries: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def content(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_merged(tmp_path: Path) -> None:
    """Services of all jars, each line once; of two equal names the first; licences under their jar's name; unsigned."""
    one = jar(
        tmp_path / "one-1.jar",
        **{
            "a__A.class": "first",
            "META-INF__services__f.Factory": "# a comment\nf.One\n\nf.Both # again\n",
            "META-INF__LICENSE": "MIT",
            "META-INF__MANIFEST.MF": "Manifest-Version: 1.0",
            "META-INF__KEY.SF": "signed",
            "META-INF__key.rsa": "signed",
            "META-INF__SIG-KEY": "signed",
            "META-INF__INDEX.LIST": "index",
            "module-info.class": "module",
            "META-INF__versions__9__module-info.class": "module",
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
        "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\n\r\n",
        "META-INF/licenses/one-1/LICENSE": "MIT",
        "META-INF/licenses/two-2/NOTICE.txt": "thanks",
        "META-INF/licenses/two-2/LICENSE.protobuf": "BSD",
        "META-INF/services/f.Factory": "f.One\nf.Both\nf.Two\n",
        "a/A.class": "first",
        "a/B.class": "second",
    }


def test_what_is_left_out(tmp_path: Path) -> None:
    """Omitted files are counted by kind."""
    one = jar(
        tmp_path / "one-1.jar",
        **{
            "a__A.class": "first",
            "a__Same.class": "same",
            "META-INF__services__f.Factory": "f.One",
            "META-INF__services__.gitkeep": "",
            "META-INF__LICENSE": "MIT",
            "META-INF__MANIFEST.MF": "Manifest-Version: 1.0",
            "META-INF__KEY.SF": "signed",
            "module-info.class": "module",
        },
    )
    two = jar(
        tmp_path / "two-2.jar",
        **{
            "a__A.class": "second",
            "a__Same.class": "same",
            "META-INF__services__f.Factory": "f.One",
            "META-INF__LICENSE": "BSD",
            "META-INF__MANIFEST.MF": "Manifest-Version: 1.0",
            "META-INF__INDEX.LIST": "index",
        },
    )
    made = merged.combine([one, two])
    assert made.jars == ("one-1.jar", "two-2.jar")
    assert made.dropped == {
        "indexes": merged.Dropped(1, 5),
        "manifests": merged.Dropped(2, 42),
        "module descriptors": merged.Dropped(1, 6),
        "signatures": merged.Dropped(1, 6),
    }


def test_licences_of_one_name_in_one_jar(tmp_path: Path) -> None:
    """Two texts are two licences; a repeated text is one licence."""
    texts = {"LICENSE": "MIT", "META-INF__LICENSE": "BSD", "NOTICE": "thanks", "META-INF__NOTICE": "thanks"}
    made = merged.combine([jar(tmp_path / "one.jar", **texts)])
    kept = {name: text for name, text in made.entries.items() if name.startswith("META-INF/licenses/")}
    assert sorted(kept.values()) == [b"BSD", b"MIT", b"thanks"]
    assert len(kept) == 3


def test_manifest(tmp_path: Path) -> None:
    """The merged jar has the title and version of the first jar with a title, in lines of at most 72 bytes."""
    title = "Flink : Connectors : AWS : Amazon Kinesis Data Streams, or the longest of all titles in the world"
    vendor = "x" * (73 - len("Implementation-Vendor: "))
    lines = ["Manifest-Version: 1.0", f"Implementation-Title: {title[:40]}", f" {title[40:]}", "Built-By: somebody"]
    lines.append(f"Implementation-Vendor: {vendor}")
    sources = [
        jar(tmp_path / "none.jar", **{"META-INF__MANIFEST.MF": "Manifest-Version: 1.0\r\n\r\n"}),
        jar(tmp_path / "one.jar", **{"META-INF__MANIFEST.MF": "\n".join([*lines, "", "Name: a/", "Sealed: true"])}),
        jar(tmp_path / "two.jar", **{"META-INF__MANIFEST.MF": "Implementation-Title: another\r\n"}),
        jar(tmp_path / "three.jar", **{"META-INF__versions__9__a__A.class": "for Java 9"}),
    ]
    written = merged.combine(sources).entries["META-INF/MANIFEST.MF"].decode()
    assert written.endswith("\r\n\r\n")
    assert max(map(len, written.split("\r\n"))) == 72
    assert written.replace("\r\n ", "").split("\r\n") == [
        "Manifest-Version: 1.0",
        f"Implementation-Title: {title}",
        f"Implementation-Vendor: {vendor}",
        "Multi-Release: true",
        "",
        "",
    ]


@pytest.mark.parametrize(("good", "bad"), [(b"PK\x05\x06", b"PK\0\0"), (b"content", b"CONTENT")])
def test_a_broken_jar_is_named(good: bytes, bad: bytes, tmp_path: Path) -> None:
    """With a damaged directory or a damaged file, the error names the jar."""
    source = jar(tmp_path / "one.jar", **{"a__A.class": "content"})
    source.write_bytes(source.read_bytes().replace(good, bad))
    with pytest.raises(zipfile.BadZipFile, match=r"one\.jar"):
        merged.combine([source])


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    """The merged jar does not depend on the times and the order of its inputs' entries."""
    (tmp_path / "later").mkdir()
    first = jar(tmp_path / "one.jar", a="1", b="2")
    again = jar(tmp_path / "later" / "one.jar", a="1", b="2")
    outs = [merged.merge([source], tmp_path / f"out-{at}.jar") for at, source in enumerate((first, again))]
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_made_once(tmp_path: Path) -> None:
    """A jar is made once from the same files, and anew from other files; there is never a partial jar."""
    source = jar(tmp_path / "one.jar", a="1")
    out = merged.merge([source], tmp_path / "all.jar")
    made = out.stat().st_mtime_ns
    merged.merge([source], out)
    assert out.stat().st_mtime_ns == made
    jar(source, a="2")
    assert content(merged.merge([source], out))["a"] == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.jar", "one.jar"]


@pytest.mark.slow
def test_the_jobs_own_jar() -> None:
    """The jar has every connector, format and function that the job needs beside Flink, and no executable."""
    paths.require()
    made = merged.combine([*(paths.JARS / one.file_name for one in jars.locked("job")), paths.FUNCTIONS]).entries
    names = set(made)
    factories = made["META-INF/services/org.apache.flink.table.factories.Factory"].decode().split()
    assert {name.rpartition(".")[2] for name in factories} >= {
        "KinesisTableFactory",
        "DynamoDbTableFactory",
        "FirehoseTableFactory",
        "JsonLines",
    }
    assert {"streaming/JsonRecord.class", "streaming/ShardWatermark.class"} <= names
    assert all(f"{name.replace('.', '/')}.class" in names for name in factories)
    assert not [name for name in names if name.startswith("org/apache/flink/api/common/")], "no core of Flink"


@pytest.mark.parametrize("jar_", jars.locked("job"), ids=lambda one: one.artifact)
def test_no_licence_is_lost(jar_: jars.Jar) -> None:
    """Each licence of each jar is in the merged jar, byte for byte."""
    source = paths.JARS / jar_.file_name
    with zipfile.ZipFile(source) as archive:
        texts = {
            hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if not name.endswith((".class", "/"))
            and any(word in name.rpartition("/")[2].upper() for word in ("LICENSE", "NOTICE"))
        }
    entries = merged.combine([source]).entries
    kept = {hashlib.sha256(text).hexdigest() for name, text in entries.items() if name.startswith("META-INF/licenses/")}
    assert texts <= kept
