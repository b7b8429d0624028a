"""The jar lock and its resolver, against a Maven repository on 127.0.0.1: no unverified and no partial jar."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from java import jars
from java.jars import Jar, JarError
from program.processes import free_port

CONTENT = b"PK\x03\x04 not really a jar " * 5000
GOOD = hashlib.sha256(CONTENT).hexdigest()
JAR = Jar("job", "com.example.rides", "unicorn-connector", "1.2.3-1.19", GOOD)
PATH = "/com/example/rides/unicorn-connector/1.2.3-1.19/unicorn-connector-1.2.3-1.19.jar"


class Repository:
    """A Maven repository. `files`: path to content. `breaks`: the number of answers that are truncated."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks = 0
        self.asked: list[str] = []
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                repository.asked.append(self.path)
                content = repository.files.get(self.path)
                self.send_response(200 if content is not None else 404)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                if content is not None and repository.breaks:
                    repository.breaks -= 1
                    content = content[: len(content) // 2]
                self.wfile.write(content or b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    serving = Repository()
    thread = threading.Thread(target=serving.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv(jars.REPOSITORY_VARIABLE, serving.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield serving
    serving.server.shutdown()
    thread.join()
    serving.server.server_close()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "jars"


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(jar: Jar, _scratch: Path) -> Path:
        pytest.fail(f"{jar.coordinates} was downloaded")

    monkeypatch.setattr(jars, "_download", download)


def refused(cache: Path, jar: Jar = JAR) -> str:
    """The sentence that refuses the jar; the cache is unchanged."""
    with pytest.raises(JarError) as caught:
        jars.provide([jar], cache)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert jar.coordinates in text
    assert list(cache.iterdir()) == []
    return text


def test_lock_is_well_formed() -> None:
    """Each archive is in the lock once, by file name too, with a SHA-256; each section is in one piece."""
    text = jars.LOCK.read_text(encoding="utf-8")
    locked = jars.read_lock(text)
    assert {jar.section for jar in locked} == {"job", "build"}
    assert re.findall(r"^\[(\w+)\]$", text, re.MULTILINE) == ["job", "build"]
    for name in ("coordinates", "file_name", "sha256"):
        values = [getattr(jar, name) for jar in locked]
        assert len(set(values)) == len(values)
    assert len({(jar.group, jar.artifact) for jar in locked}) == len(locked)
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in locked)
    assert locked == jars.locked("job") + jars.locked("build")
    assert [jar.artifact for jar in jars.locked("build")] == ["ecj"]


@pytest.mark.parametrize(
    "line",
    [
        "com.example:unicorn:1.0",
        "com.example:unicorn:1.0 sha256:abc",
        f"com.example:unicorn:1.0 sha256:{GOOD.upper()}",
        f"com.example:unicorn sha256:{GOOD}",
        f"com.example:uni/corn:1.0 sha256:{GOOD}",
        f"com.example:unicorn:1.0 md5:{GOOD}",
        f"com.example:unicorn:1.0 sha256:{GOOD} and more",
    ],
)
def test_a_bad_line_is_named(line: str) -> None:
    """An invalid line of the lock is one sentence with its number."""
    with pytest.raises(JarError) as caught:
        jars.read_lock(f"# comment\n[job]\n\n{line}\n")
    text = str(caught.value)
    assert text.startswith("Line 4 of the jar lock is not ")
    assert repr(line) in text
    assert text.endswith(".")
    assert "\n" not in text


def test_a_line_before_any_section_is_bad() -> None:
    """A jar outside of a section is refused."""
    with pytest.raises(JarError, match=r"^Line 1 .* below a \[section\]"):
        jars.read_lock(f"com.example:unicorn:1.0 sha256:{GOOD}\n")


def test_comments_and_order() -> None:
    """Comments may follow a line, and the order of the lock is kept: it is the order of the class path."""
    text = f"[job] # what runs\nb:b:1 sha256:{'b' * 64}  # why\n\na:a:1 sha256:{'a' * 64}\n"
    assert [jar.coordinates for jar in jars.read_lock(text)] == ["b:b:1", "a:a:1"]


@pytest.mark.usefixtures("no_download")
def test_a_cached_jar_needs_no_network(cache: Path) -> None:
    """A cached file with the right checksum is used without a network."""
    cache.mkdir()
    (cache / JAR.file_name).write_bytes(CONTENT)
    assert jars.provide([JAR], cache) == [cache / JAR.file_name]


def test_download(repository: Repository, cache: Path) -> None:
    """A missing jar is downloaded once, in Maven's layout; the cache then holds only the jar."""
    repository.files[PATH] = CONTENT
    for _call in range(2):
        assert jars.provide([JAR], cache) == [cache / "unicorn-connector-1.2.3-1.19.jar"]
    assert (cache / JAR.file_name).read_bytes() == CONTENT
    assert list(cache.iterdir()) == [cache / JAR.file_name]
    assert repository.asked.count(PATH) == 1
    assert not [path for path in repository.asked if path.endswith(".pom")]


def test_a_slash_at_the_end_of_the_mirror(repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror's address may end with a slash: some servers refuse a path with two slashes."""
    monkeypatch.setenv(jars.REPOSITORY_VARIABLE, repository.url + "/")
    repository.files[PATH] = CONTENT
    jars.provide([JAR], cache)
    assert PATH in repository.asked


def test_the_order_is_kept(repository: Repository, cache: Path) -> None:
    """The paths have the order of the jars, whichever download ends first."""
    several = []
    for number in range(12):
        content = b"x" * (200_000 if number % 3 == 0 else number)
        jar = Jar("job", "g", f"a{number}", "1", hashlib.sha256(content).hexdigest())
        repository.files[f"/g/a{number}/1/{jar.file_name}"] = content
        several.append(jar)
    assert jars.provide(several, cache) == [cache / jar.file_name for jar in several]


def test_a_wrong_checksum_is_refused(repository: Repository, cache: Path) -> None:
    """A file with a wrong checksum is refused with both checksums; neither it nor an older file stays."""
    repository.files[PATH] = b"something else"
    cache.mkdir()
    (cache / JAR.file_name).write_bytes(b"rotten")
    text = refused(cache)
    assert GOOD in text
    assert hashlib.sha256(b"something else").hexdigest() in text
    assert "jars.lock" in text


def test_a_corrupted_file_is_fetched_again(repository: Repository, cache: Path) -> None:
    """A damaged or truncated file in the cache is replaced."""
    repository.files[PATH] = CONTENT
    cache.mkdir()
    (cache / JAR.file_name).write_bytes(CONTENT[:-1])
    jars.provide([JAR], cache)
    assert (cache / JAR.file_name).read_bytes() == CONTENT


def test_unreachable_repository(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable repository is one sentence with the coordinates, the repository and three remedies."""
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv(jars.REPOSITORY_VARIABLE, url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    text = refused(cache)
    assert f"cannot be downloaded from {url}" in text
    assert jars.REPOSITORY_VARIABLE in text
    assert "proxy" in text
    assert JAR.file_name in text


def test_no_such_artifact(repository: Repository, cache: Path) -> None:
    """The error for a missing artifact has the same form."""
    assert f"cannot be downloaded from {repository.url}" in refused(cache)


def test_an_interrupted_download_leaves_nothing(repository: Repository, cache: Path) -> None:
    """A connection that always breaks is reported as such, not as a wrong checksum, and leaves no partial jar."""
    repository.files[PATH] = CONTENT
    repository.breaks = 100
    text = refused(cache)
    assert "cannot be downloaded" in text
    assert "SHA-256" not in text


def test_a_connection_that_breaks_once_is_tried_again(repository: Repository, cache: Path) -> None:
    """After one broken connection the second attempt succeeds, from the start of the file."""
    repository.files[PATH] = CONTENT
    repository.breaks = 1
    jars.provide([JAR], cache)
    assert (cache / JAR.file_name).read_bytes() == CONTENT
    assert repository.asked.count(PATH) == 2


def test_one_failure_keeps_the_others(repository: Repository, cache: Path) -> None:
    """Of several jars the verified jars stay in the cache, so the next attempt has less to download."""
    repository.files[PATH] = CONTENT
    missing = Jar("job", "g", "missing", "1", "0" * 64)
    with pytest.raises(JarError, match="g:missing:1"):
        jars.provide([JAR, missing], cache)
    assert list(cache.iterdir()) == [cache / JAR.file_name]


@pytest.mark.parametrize(
    ("number", "remedy"), [(errno.ENOSPC, "make room"), (errno.EDQUOT, "make room"), (errno.EACCES, "give the folder")]
)
def test_what_the_disk_refuses(number: int, remedy: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, or a folder of another user, is named; the network is neither blamed nor used again."""
    attempts = []

    def full(*_arguments: object, **_named: object) -> None:
        attempts.append(1)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("jgo.maven.MavenContext.project", full)
    with pytest.raises(JarError) as caught:
        jars.provide([JAR], cache)
    text = str(caught.value)
    assert remedy in text
    assert str(cache) in text
    assert "network" not in text
    assert "\n" not in text
    assert text.endswith(".")
    assert list(cache.iterdir()) == []
    assert len(attempts) == 1


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the place of the folder is a sentence."""
    (tmp_path / "jars").touch()
    with pytest.raises(JarError, match=r"^The jars cannot be written into .*\.$"):
        jars.provide([JAR], tmp_path / "jars")


def test_the_password_of_a_mirror_is_not_shown(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error for a missing file, or for an unreachable mirror, does not show the password."""
    for port in (repository.url.rpartition(":")[2], free_port()):
        monkeypatch.setenv(jars.REPOSITORY_VARIABLE, f"http://me:secret@127.0.0.1:{port}")
        text = refused(cache)
        assert f"http://127.0.0.1:{port}" in text
        assert "secret" not in text


def test_the_home_folder_is_not_needed(repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder is neither read nor written, nor is the folder of Maven's own variable."""
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("M2_REPO", "/nonexistent")
    repository.files[PATH] = CONTENT
    assert jars.provide([JAR], cache) == [cache / JAR.file_name]
    assert not Path("/nonexistent").exists()
