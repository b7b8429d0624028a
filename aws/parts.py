"""What a record of a stream is taken apart into: docs/connectors.md, "What a record becomes".

The Kinesis source of the jobs does the same in Java (java/src/kinesis/RecordParts.java), the dashboard in TypeScript
(dashboard/src/parts.ts). All three are tested against tests/record_parts.json.

Equal bytes give equal parts in the same order. No bytes raise an exception. The time is linear in their number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_SPACE = re.compile(rb"[ \n\r\t]*+")  # white space of JSON
# A text, also one that is cut off, or a bracket outside of texts; possessive, so that no text is looked at twice.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]]', re.DOTALL)

# https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST = 16  # bytes of an MD5
# AggregatedRecord: repeated string partition_key_table, repeated string explicit_hash_key_table, repeated Record
_PARTITION_KEYS, _RECORDS = 1, 3
# Record: uint64 partition_key_index, uint64 explicit_hash_key_index, bytes data, repeated Tag
_PARTITION_KEY, _DATA = 1, 3
# Types of fields in protobuf's wire format.
_NUMBER, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_NUMBER = 10  # bytes
_FIELDS = range(1, 1 << 29)  # the numbers that a field may have


@dataclass(frozen=True, slots=True)
class Part:
    """A record, or a part of one that holds several. partition_key: of a record in an aggregate, its own."""

    partition_key: str
    data: bytes


def parts(data: bytes) -> list[bytes]:
    """The bytes of each part of a record, in their order; a record that is one part is itself."""
    return [part.data for part in apart("", data)]


def place(number: int, count: int) -> str | None:
    """Which part of how many, for people: 2 of 3; number: from 1. None of a record that is one part."""
    return f"{number} of {count}" if count > 1 else None


def apart(partition_key: str, data: bytes) -> list[Part]:
    """The parts of a record with this partition key, at least one, in their order."""
    inner = _inner(data)
    records = [Part(partition_key, data)] if inner is None else inner
    return [Part(one.partition_key, document) for one in records for document in _documents(one.data)]


# --- Several JSON objects -------------------------------------------------------------------------


def _documents(record: bytes) -> list[bytes]:
    """Each part goes on until the next one begins, so that the parts together are the record."""
    if not _may_be_several(record):
        return [record]
    starts = [0]  # with the white space before it
    at = _after_space(record, 0)
    while at < len(record):
        at = _next(record, _end_of_object(record, at) if record.startswith(b"{", at) else at)
        starts.append(at)
    return [record[start:end] for start, end in pairwise(starts)]


def _may_be_several(record: bytes) -> bool:
    """Quickly, for nearly all records: whether a brace closes before the last byte that is no white space."""
    first = _after_space(record, 0)
    if not record.startswith(b"{", first) or record.startswith(b"\0", first + 1):  # UTF-16 or UTF-32
        return False
    end = record.find(b"}", first)
    return end >= 0 and _after_space(record, end + 1) < len(record)


def _next(record: bytes, at: int) -> int:
    """The start of the next part after an object that ends here: an object on its line, or whatever is on the next."""
    after = _after_space(record, at)
    if record.find(b"\n", at, after) >= 0 or after == len(record) or record.startswith(b"{", after):
        return after
    line_feed = record.find(b"\n", after)
    return len(record) if line_feed < 0 else _after_space(record, line_feed)


def _end_of_object(record: bytes, start: int) -> int:
    """The place after the object that begins here, or the record's end if its brackets do not close.

    Only brackets outside of texts are counted, and nothing else of JSON is looked at.
    """
    depth = 0
    for token in _TOKEN.finditer(record, start):
        match token[0][:1]:
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
                if not depth:
                    return token.end()
    return len(record)


def _after_space(record: bytes, at: int) -> int:
    found = _SPACE.match(record, at)
    return found.end() if found else at


# --- Aggregates of the Kinesis Producer Library ---------------------------------------------------


class _MalformedError(Exception):
    """The bytes are no such message."""


def _inner(record: bytes) -> list[Part] | None:
    """The records in an aggregate; None if the record is none, is damaged, or holds nothing."""
    if not record.startswith(_MAGIC) or len(record) <= len(_MAGIC) + _DIGEST:
        return None
    message, digest = record[len(_MAGIC) : -_DIGEST], record[-_DIGEST:]
    if hashlib.md5(message, usedforsecurity=False).digest() != digest:
        return None
    try:
        return _aggregated(message) or None
    except _MalformedError:
        return None


def _aggregated(message: bytes) -> list[Part]:
    keys: list[str] = []
    records: list[bytes] = []  # the tables may follow the records that refer to them
    for field, value in _fields(message):
        if field == _PARTITION_KEYS and isinstance(value, bytes):
            keys.append(_text(value))
        elif field == _RECORDS and isinstance(value, bytes):
            records.append(value)
    return [_record(record, keys) for record in records]


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _MalformedError from error


def _record(message: bytes, keys: list[str]) -> Part:
    key, data = None, None
    for field, value in _fields(message):
        if field == _PARTITION_KEY and isinstance(value, int):
            key = value
        elif field == _DATA and isinstance(value, bytes):
            data = value
    if key is None or data is None or key >= len(keys):
        raise _MalformedError
    return Part(keys[key], data)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message: number and value, which is a number from 0 up, or bytes."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        field, type_ = key >> 3, key & 7
        if field not in _FIELDS:
            raise _MalformedError
        if type_ == _NUMBER:
            value, at = _number(message, at)
            yield field, value
            continue
        if type_ == _BYTES:
            length, at = _number(message, at)
        elif type_ in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if type_ == _EIGHT_BYTES else 4
        else:
            raise _MalformedError
        if length > len(message) - at:
            raise _MalformedError
        if type_ == _BYTES:
            yield field, message[at : at + length]
        at += length


def _number(message: bytes, at: int) -> tuple[int, int]:
    """A number of 64 bits, and the place after it: seven bits a byte, the lowest first; the eighth: more follow."""
    number = 0
    for i, byte in enumerate(message[at : at + _LONGEST_NUMBER]):
        number |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return number & 2**64 - 1, at + i + 1
    raise _MalformedError
