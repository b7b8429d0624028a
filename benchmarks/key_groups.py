"""Which subtask gets which key, as Flink decides it for a key of one STRING; a test compares it with Flink's classes.

Flink hashes the binary row of the key (org.apache.flink.table.data.binary.BinaryRowData), hashes that number again, and
takes it modulo the maximum parallelism: the key group (org.apache.flink.runtime.state.KeyGroupRangeAssignment). Each
subtask has a range of key groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

_WORD = 8  # bytes to which the parts of a binary row are rounded up
_FIXED = 16  # bytes of a row with one column: the bits for NULL, and the column
_INLINE = 7  # bytes of a text that stands in the column itself
_SEED = 42


def subtasks(keys: Sequence[str], groups: int, parallelism: int) -> npt.NDArray[np.int64]:
    """The subtask of each key, from 0. groups: the maximum parallelism."""
    return key_groups(keys, groups) * parallelism // groups


def key_groups(keys: Sequence[str], groups: int) -> npt.NDArray[np.int64]:
    """The key group of each key, from 0."""
    texts = [key.encode() for key in keys]
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    found = np.empty(len(texts), dtype=np.int64)
    for length in np.unique(lengths):
        places = np.flatnonzero(lengths == length)
        joined = b"".join(texts[place] for place in places)
        bytes_ = np.frombuffer(joined, dtype=np.uint8).reshape(len(places), length)
        found[places] = _group_hash(_row_hash(_rows(bytes_))) % groups
    return found


def _rows(texts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The binary row of each of these texts of one length."""
    count, length = texts.shape
    if length <= _INLINE:
        rows = np.zeros((count, _FIXED), dtype=np.uint8)
        rows[:, 8 : 8 + length] = texts
        rows[:, 15] = length | 0x80
        return rows
    rows = np.zeros((count, _FIXED + -(-length // _WORD) * _WORD), dtype=np.uint8)
    rows[:, 8:12] = np.frombuffer(int(length).to_bytes(4, "little"), dtype=np.uint8)
    rows[:, 12] = _FIXED  # where the text begins
    rows[:, _FIXED : _FIXED + length] = texts
    return rows


def _row_hash(rows: npt.NDArray[np.uint8]) -> Words:
    """MurmurHashUtils.hashBytesByWords."""
    words = np.ascontiguousarray(rows).view("<u4").astype(np.uint32)
    hashes = np.full(len(words), _SEED, dtype=np.uint32)
    for column in words.T:
        hashes = _mixed(hashes ^ _spread(column))
    return _finished(hashes ^ np.uint32(rows.shape[1]))


def _group_hash(hashes: Words) -> npt.NDArray[np.int64]:
    """MathUtils.murmurHash: never negative."""
    signed = _finished(_mixed(_spread(hashes)) ^ np.uint32(4)).view(np.int32).astype(np.int64)
    return np.where(signed == -(2**31), 0, np.abs(signed))


def _spread(words: Any) -> Words:
    return _rotated(words * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)


def _mixed(words: Words) -> Words:
    return _rotated(words, 13) * np.uint32(5) + np.uint32(0xE6546B64)


def _finished(words: Words) -> Words:
    words = (words ^ words >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    words = (words ^ words >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return words ^ words >> np.uint32(16)


def _rotated(words: Words, bits: int) -> Words:
    return words << np.uint32(bits) | words >> np.uint32(32 - bits)
