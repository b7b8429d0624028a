"""The records of a file: JSON in its forms, CSV, each also in gzip, and what `aws kinesis get-records` printed."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from pathlib import Path

from aws.parts import parts
from kda.discovery.documents import Array, Object, UnreadableError, parsed
from program.errors import Unusable
from program.formats import size

_GZIP = b"\x1f\x8b"
_LARGEST = 64_000_000  # bytes that are looked at, of what gzip holds too


class NoSample(Unusable):
    """There are no records to look at, or they cannot be read."""


@dataclass(frozen=True)
class Sample:
    """Records. name: where they are from, for messages; is_cut: whether the file has more.

    most: rows of CSV that are looked at, as a file of CSV is one record here; None for all.
    """

    name: str
    records: tuple[bytes, ...]
    most: int | None = None
    is_cut: bool = False


def of_file(path: Path, most: int) -> Sample:
    """The first records of a file: of a .jsonl its lines, whatever they hold. Raises NoSample."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise NoSample(f"{path}: the file cannot be read ({error.strerror}).") from None
    if content.startswith(_GZIP):
        content = opened(content, str(path))
    is_cut = len(content) > _LARGEST
    if is_cut:  # the last line of what was read is not whole
        content = content[: content.rfind(b"\n", 0, _LARGEST) + 1 or _LARGEST]
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise NoSample(f"{path}: the file is empty: give one with records.")
    if is_cut and content.lstrip().startswith(b"["):
        raise NoSample(f"{path}: the file is an array of more than {size(_LARGEST)}: give a shorter one, or its lines.")
    is_of_lines = ".jsonl" in path.suffixes and not isinstance(decoded(content), Object)
    records = _whole_lines(content)[: most + 1] if is_of_lines else apart(content, most + 1)
    return Sample(str(path), tuple(records[:most]), most, is_cut or len(records) > most)


def opened(content: bytes, name: str) -> bytes:
    """What gzip holds, as far as it is looked at. Raises NoSample."""
    try:
        return GzipFile(fileobj=io.BytesIO(content)).read(_LARGEST + 1)
    except (BadGzipFile, EOFError, zlib.error):
        raise NoSample(f"{name}: this is gzip that is damaged or cut off: give the whole file.") from None


def unpacked(record: bytes) -> bytes | None:
    """What a record in gzip holds; None for another record, or one that is damaged."""
    if not record.startswith(_GZIP):
        return None
    try:
        return opened(record, "")
    except NoSample:
        return None


def apart(content: bytes, most: int) -> list[bytes]:
    """The records in the content of a file, the first ones at least: JSON objects, JSON in lines, or the whole."""
    first = content.lstrip()[:1]
    whole = decoded(content) if first in (b"{", b"[") else None
    if first == b"{":
        if isinstance(whole, Object):
            return _listed(whole) or [content]
        return [line for one in parts(content)[:most] for line in _lines(one)]
    if first == b"[" and whole is None and decoded(content.split(b"\n", 1)[0]) is not None:
        return _whole_lines(content)
    return [content]


def _whole_lines(content: bytes) -> list[bytes]:
    return [line for line in content.split(b"\n") if line.strip()]


def _lines(document: bytes) -> list[bytes]:
    """The document; its lines where a line that is not JSON has taken those after it along."""
    if decoded(document) is not None:
        return [document]
    lines = _whole_lines(document)
    # A document over several lines has hardly a line that is an object itself.
    are_records = sum(isinstance(decoded(line), Object) for line in lines) * 3 >= len(lines)
    return lines if are_records else [document]


def _listed(answer: Object) -> list[bytes]:
    """The records in an answer of GetRecords; [] for another object."""
    records = answer.get("Records")
    if not isinstance(records, Array):
        return []
    try:
        return [base64.b64decode(one["Data"], validate=True) for one in records if one["PartitionKey"] is not None]
    except (KeyError, TypeError, ValueError, binascii.Error):
        return []


def decoded(document: bytes) -> Object | Array | None:
    """The JSON object or array that a document is; None for anything else."""
    try:
        value = parsed(document.decode("utf-8").strip())
    except ValueError:
        return None
    return value if isinstance(value, Object | Array) else None


def unreadable(document: bytes) -> str | None:
    """What a document is that looks like JSON and cannot be read; None for anything else."""
    try:
        parsed(document.decode("utf-8").strip())
    except UnreadableError as error:
        return str(error)
    except ValueError:
        return None
    return None


def require_text(sample: str, records: Sequence[bytes]) -> None:
    """Raise NoSample if most records are no text in UTF-8. sample: its name for the message."""
    if sum(_is_text(record) for record in records) * 2 < len(records):
        raise NoSample(f"{sample}: this is neither JSON nor CSV in UTF-8: give a file of records.")


def _is_text(record: bytes) -> bool:
    try:
        return "\0" not in record.decode("utf-8")
    except UnicodeDecodeError:
        return False
