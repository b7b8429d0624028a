"""The cause of a set-up tool's failure, in a sentence: its output is long, and the first line is seldom the cause."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from program.addresses import without_credentials

# Measured (docs/measured.md): uv unpacks into its cache, and links the checkout's files to the cache.
NEEDED = "the first set-up needs 2.4 GB, of which 1.3 GB stay in the checkout"
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
_CHAIN = re.compile(r"(?:caused by|cause): ", re.IGNORECASE)  # uv's prefix of the cause of an error
_PREFIX = re.compile(r"^(?:caused by|cause|error|warning): ?(?:Retrying .* connection broken by )?", re.IGNORECASE)


@dataclass(frozen=True)
class _Kind:
    """A kind of failure: a regular expression that matches it, the sentence, and the remedy.

    {line} is the tool's innermost line, {free} its disks' free space, {proxy} the proxy, {index} the package index.
    """

    signs: str
    text: str

    def line(self, output: str) -> str:
        """The last line that matches; empty without a match."""
        lines = [line for line in output.splitlines() if re.search(self.signs, line, re.IGNORECASE)]
        return _shorten(lines[-1]) if lines else ""


# The first match counts: a full disk also breaks downloads, and a refused certificate appears as a failed request.
_SPACE = _Kind(
    r"no space left on device|disk quota exceeded|not enough (?:disk )?space",
    f"no space is left on a disk ({{free}}): {NEEDED}, so make room and run make setup again",
)
_KINDS = (
    _SPACE,
    _Kind(
        r"hash mismatch|do not match the hashes|no hashes? (?:match|found)|hashes are required",
        "a package is not the file that requirements.txt has the hash of ({line}), so it was refused: "
        "find out why the index serves another file",
    ),
    _Kind(
        r"permission denied|read-only file system|operation not permitted",
        "a file or folder may not be written or read ({line}): "
        "give it to the user who runs make setup, or take another folder",
    ),
    _Kind(
        r"certificate|unknownissuer|TLS CA|SSLError|handshake",
        "the server's certificate is not trusted, or the file of certificates cannot be read ({line}): "
        "name the certificate that your network needs in SSL_CERT_FILE",
    ),
    _Kind(
        r"\b(?:401|403|407) (?:client error|unauthorized|forbidden|proxy)|status code (?:401|403|407)",
        "the package index or the proxy refused them ({line}): check the credentials in its address{proxy}",
    ),
    _Kind(
        r"dns error|failed to lookup|name resolution|name or service not known|connection refused|error sending|"
        r"timed? ?out|failed to fetch|could not fetch|connection reset|tunnel|proxyerror|unreachable|"
        r"connection (?:closed|aborted)|remote end closed|incompleteread|client error|newconnectionerror|"
        r"network connectivity",
        "they cannot be downloaded ({line}): check the network{proxy}",
    ),
    _Kind(
        r"no matching distribution found|no solution found|not found in the|no wheels? with a matching|unsatisfiable",
        "a package is not available ({line}; {index}): set another index, or take a system that it has files for",
    ),
)


def explain(output: str, environment: Mapping[str, str], folders: Sequence[Path]) -> str | None:
    """The cause of a failure with its remedy, without a full stop; None for an unknown cause.

    output: the tool's output. environment: its variables. folders: those it wrote to, to check for a full disk.
    """
    output = without_credentials(output)
    for kind in _KINDS:
        if line := kind.line(output):
            return kind.text.format(
                line=_innermost(output) or line,
                free=free(folders),
                proxy=_proxy(environment),
                index=_index(environment),
            )
    return None


def explain_os_error(error: OSError, folders: Sequence[Path]) -> str:
    """The cause and remedy of an error of the operating system."""
    reason = error.strerror or str(error)
    where = f"{error.filename}: {reason}" if error.filename else reason
    return explain(where, {}, folders) or f"{where}: mend that and run make setup again"


def free(folders: Sequence[Path]) -> str:
    """The free space of the folders' disks, each disk once."""
    free: dict[int, str] = {}
    for folder in folders:
        there = next((path for path in (folder, *folder.parents) if path.exists()), None)
        if there:
            free.setdefault(there.stat().st_dev, f"{folder} has {shutil.disk_usage(there).free / 1e9:.1f} GB free")
    return ", ".join(free.values())


def _proxy(environment: Mapping[str, str]) -> str:
    for name in _PROXIES:
        if environment.get(name):
            return f" and the proxy {without_credentials(environment[name])} that {name} names"
    return ", or set the proxy that it needs in HTTPS_PROXY"


def _index(environment: Mapping[str, str]) -> str:
    if "PIP_NO_INDEX" in environment:
        return "pip's no-index forbids to ask an index"
    return f"the index is {without_credentials(environment.get('UV_DEFAULT_INDEX', 'PyPI'))}"


def _innermost(output: str) -> str:
    """The end of uv's chain of causes; empty without a chain."""
    causes = [line.strip() for line in output.splitlines() if _CHAIN.match(line.strip())]
    return _shorten(causes[-1]) if causes else ""


def _shorten(line: str) -> str:
    return re.sub(r"\s+", " ", _PREFIX.sub("", line.strip()))[:240].rstrip(" .:")
