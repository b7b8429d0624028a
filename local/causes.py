"""Why a tool of the set-up failed, in words: its output is long, and what it says first is seldom the cause."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from program.addresses import without_credentials

# Measured (docs/measured.md): uv unpacks into its cache, and links the checkout's files to what is there.
NEEDED = "the first set-up needs 2.4 GB, of which 1.3 GB stay in the checkout"
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
_CHAIN = re.compile(r"(?:caused by|cause): ", re.IGNORECASE)  # how uv begins what lies below an error
_PREFIX = re.compile(r"^(?:caused by|cause|error|warning): ?(?:Retrying .* connection broken by )?", re.IGNORECASE)


@dataclass(frozen=True)
class _Kind:
    """A kind of failure: what tells it, as a regular expression, and what to say and do about it.

    {line} is the tool's own innermost line, {free} the room on its disks, {proxy} what leads out, {index} what was
    asked.
    """

    signs: str
    text: str

    def line(self, output: str) -> str:
        """The last line that shows it; empty if none does."""
        found = [line for line in output.splitlines() if re.search(self.signs, line, re.IGNORECASE)]
        return _shorten(found[-1]) if found else ""


# The first that fits: a full disk also breaks downloads, and a refused certificate is told as a failed request.
_SPACE = _Kind(
    r"no space left on device|disk quota exceeded|not enough (?:disk )?space",
    f"no space is left on a disk ({{free}}): {NEEDED}, so make room and run make setup again",
)
_KINDS = (
    _SPACE,
    _Kind(
        r"hash mismatch|do not match the hashes|no hashes? (?:match|found)|hashes are required",
        "a package is not the file that requirements.txt has the hash of ({line}), so it was refused: "
        "find out why the index serves another one",
    ),
    _Kind(
        r"permission denied|read-only file system|operation not permitted",
        "a file or folder may not be written or read ({line}): "
        "give it to the user who runs make setup, or take another folder",
    ),
    _Kind(
        r"certificate|unknownissuer|TLS CA|SSLError|handshake",
        "the server's certificate is not trusted, or the file of certificates cannot be read ({line}): "
        "name the one that your network needs in SSL_CERT_FILE",
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
        "one is not to be had ({line}; {index}): set another index, or take a system that it has files for",
    ),
)


def explain(output: str, environment: Mapping[str, str], folders: Sequence[Path]) -> str | None:
    """What stopped a tool, with the remedy, without a full stop; None for a cause that is not known here.

    output: what the tool printed. environment: its variables. folders: where it wrote, for a disk that is full.
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
    """The same for what the operating system refused."""
    said = error.strerror or str(error)
    where = f"{error.filename}: {said}" if error.filename else said
    return explain(where, {}, folders) or f"{where}: mend that and run make setup again"


def free(folders: Sequence[Path]) -> str:
    """How much room the folders' disks have, each disk once."""
    told: dict[int, str] = {}
    for folder in folders:
        there = next((one for one in (folder, *folder.parents) if one.exists()), None)
        if there:
            told.setdefault(there.stat().st_dev, f"{folder} has {shutil.disk_usage(there).free / 1e9:.1f} GB free")
    return ", ".join(told.values())


def _proxy(environment: Mapping[str, str]) -> str:
    for name in _PROXIES:
        if environment.get(name):
            return f" and the proxy {without_credentials(environment[name])} that {name} names"
    return ", or set the proxy that it needs in HTTPS_PROXY"


def _index(environment: Mapping[str, str]) -> str:
    if "PIP_NO_INDEX" in environment:
        return "pip's no-index forbids to ask an index"
    return f"asked was {without_credentials(environment.get('UV_DEFAULT_INDEX', 'PyPI'))}"


def _innermost(output: str) -> str:
    """The end of uv's chain of causes; empty if there is none."""
    causes = [line.strip() for line in output.splitlines() if _CHAIN.match(line.strip())]
    return _shorten(causes[-1]) if causes else ""


def _shorten(line: str) -> str:
    return re.sub(r"\s+", " ", _PREFIX.sub("", line.strip()))[:240].rstrip(" .:")
