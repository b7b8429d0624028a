"""Aggregates of several records in one, in the published format of the Kinesis Producer Library.

A magic number, a protobuf message, and the message's MD5: see "KPL aggregated record format" in
https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

MAGIC = b"\xf3\x89\x9a\xc2"
HASHES = 2**128  # the number of hash keys of a stream


@dataclass(frozen=True)
class Inner:
    """A record in an aggregate; hash_key: its place, if not that of its partition key."""

    partition_key: str
    data: bytes
    hash_key: int | None = None


def aggregate(inner: Sequence[Inner]) -> bytes:
    """AggregatedRecord {repeated string partition_key_table = 1, explicit_hash_key_table = 2; repeated Record = 3}."""
    keys = list(dict.fromkeys(one.partition_key for one in inner))
    hash_keys = list(dict.fromkeys(str(one.hash_key) for one in inner if one.hash_key is not None))
    message = b"".join(_bytes(1, key.encode()) for key in keys)
    message += b"".join(_bytes(2, key.encode()) for key in hash_keys)
    for one in inner:
        # Record {uint64 partition_key_index = 1, explicit_hash_key_index = 2; bytes data = 3}
        record = _number(1, keys.index(one.partition_key))
        if one.hash_key is not None:
            record += _number(2, hash_keys.index(str(one.hash_key)))
        message += _bytes(3, record + _bytes(3, one.data))
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


def shard_of(partition_key: str, shards: int) -> int:
    """The shard of a partition key, of so many equal shards."""
    digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest) * shards // HASHES


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth bit means that more bytes follow."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])
