"""Real error output of pip and uv, and the cause in the set-up's sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from local.setup import causes

DNS = """error: Failed to fetch: https://nowhere.invalid/simple/idna/
  cause: error sending request for url (https://nowhere.invalid/simple/idna/)
  cause: client error (Connect)
  cause: dns error
  cause: failed to lookup address information: Name or service not known
"""
PIP_DNS = """WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by \
'NewConnectionError('Failed to establish a new connection: [Errno -2] Name or service not known')': /simple/uv/
ERROR: Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)
ERROR: No matching distribution found for uv==0.13.9
"""
PROXY = """error: Failed to fetch: https://pypi.org/simple/idna/
  cause: error sending request for url (https://pypi.org/simple/idna/)
  cause: tunnel error: failed to create underlying connection
  cause: Connection refused (os error 111)
"""
CERTIFICATE = """error: Failed to fetch: https://pypi.org/simple/idna/
  cause: error sending request for url (https://pypi.org/simple/idna/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
"""
HASH = """error: Failed to download `idna==3.10`
  cause: Hash mismatch for `idna==3.10`

         Expected:
           sha256:946d195a
"""
PIP_HASH = """ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated ...
    idna==3.10 from https://files.pythonhosted.org/packages/idna-3.10-py3-none-any.whl (from -r w.txt (line 1)):
        Expected sha256 946d195a
"""
FULL = """error: Failed to fetch: https://pypi.org/simple/idna/
  cause: failed to write to file `/x/.cache/uv/.tmp`: No space left on device (os error 28)
"""
PIP_FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
DENIED = "error: failed to create directory `/root/.cache/uv`: Permission denied (os error 13)\n"
FORBIDDEN = """error: Failed to fetch: https://u:secret@mirror.example/simple/idna/
  cause: HTTP status client error (403 Forbidden) for url (https://u:secret@mirror.example/simple/idna/)
"""
ABSENT = "ERROR: No matching distribution found for duckdb==2.0.1\n"


@pytest.mark.parametrize(
    ("output", "cause", "inner"),
    [
        (DNS, "check the network", "Name or service not known"),
        (PIP_DNS, "check the network", "Name or service not known"),
        (PROXY, "check the network", "Connection refused"),
        (CERTIFICATE, "SSL_CERT_FILE", "UnknownIssuer"),
        (HASH, "requirements.txt has the hash of", "idna==3.10"),
        (PIP_HASH, "requirements.txt has the hash of", "DO NOT MATCH"),
        (FULL, "no space is left", "GB free"),
        (PIP_FULL, "no space is left", "GB free"),
        (DENIED, "may not be written", "/root/.cache/uv"),
        (FORBIDDEN, "credentials", "403 Forbidden"),
        (ABSENT, "a package is not available", "duckdb==2.0.1"),
    ],
)
def test_the_true_cause(output: str, cause: str, inner: str, tmp_path: Path) -> None:
    """One clause with the cause, the tool's innermost message, the remedy; the network only if it is the cause."""
    text = causes.explain(output, {}, [tmp_path])
    assert text is not None
    assert cause in text
    assert inner in text
    assert ("network" in text) == (output in (DNS, PIP_DNS, PROXY, CERTIFICATE))
    assert "secret" not in text
    assert "\n" not in text


def test_the_proxy_is_named() -> None:
    """With a proxy in a variable, the sentence names the proxy, without its password."""
    text = causes.explain(PROXY, {"HTTPS_PROXY": "http://me:secret@127.0.0.1:9"}, [])
    assert text is not None
    assert "the proxy http://127.0.0.1:9 that HTTPS_PROXY names" in text


def test_the_index_is_named() -> None:
    """For a missing package, the sentence names the index."""
    mirror = {"UV_DEFAULT_INDEX": "https://me:secret@mirror.example/simple"}
    for environment, told in (
        ({}, "PyPI"),
        (mirror, "https://mirror.example/simple"),
        ({"PIP_NO_INDEX": "1"}, "no-index"),
    ):
        text = causes.explain(ABSENT, environment, [])
        assert text is not None
        assert told in text


def test_what_is_not_known() -> None:
    """An unknown failure has no cause."""
    assert causes.explain("error: something else\n", {}, []) is None
    assert causes.explain("", {}, []) is None


def test_what_the_system_refuses() -> None:
    """An error of the operating system has the file's name."""
    text = causes.explain_os_error(PermissionError(errno.EACCES, "Permission denied", "/a/b"), [])
    assert "/a/b: Permission denied" in text
    assert "/a/b: Is a directory" in causes.explain_os_error(OSError(errno.EISDIR, "Is a directory", "/a/b"), [])
