"""The parts of a record: the records of an aggregate, and the JSON objects of each."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpl import MAGIC, Inner, aggregate

Apart = Callable[[bytes], "list[bytes]"]


@pytest.fixture(scope="module")
def parts_of(jvm: Path) -> Callable[[bytes, bool], list[bytes]]:  # noqa: ARG001 (it prepares the JVM)
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    gateway: Any = get_gateway()
    return lambda record, documents: list(gateway.jvm.kinesis.RecordParts.of(record, documents))


@pytest.fixture(scope="module")
def apart(parts_of: Callable[[bytes, bool], list[bytes]]) -> Apart:
    """The parts of a record by the default options: each of several JSON objects is a part."""
    return lambda record: parts_of(record, True)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([b'{"a": 1}', b'{"b": 2}'], id="one after the other"),
        pytest.param([b'{"a": 1}\n', b'{"b": 2}\n'], id="a line each"),
        pytest.param([b'{"a": 1}\r\n\r\n', b'{"b": 2}\t ', b'{"c": 3}'], id="white space between"),
        pytest.param([b' \n{"a": 1} ', b'{"b": 2}'], id="white space before"),
        pytest.param([b'{"a": {"b": [{"c": {}}]}}', b'{"d": []}'], id="nested"),
        pytest.param([b'{"a": "}{"}', b'{"b": "\\"}{\\\\"}', b"{}"], id="brackets in texts"),
        pytest.param([b'{\n"a":\n{"b": 1}\n}\n', b'{\n"c": 2\n}'], id="over several lines"),
        pytest.param(['{"a": "é🦄"}'.encode(), b"{}"], id="beyond ASCII"),
        pytest.param([b'{"a": 1}\n', b"not json\n", b'{"b": 2}'], id="a line that is none"),
        pytest.param([b'{"a": 1}\n', b"not json"], id="a last line that is none"),
        pytest.param([b'{"a": 1}\n', b'{"b": 2} x\n', b'{"c": 3}'], id="something behind one of them"),
        pytest.param([b'{"a": 1},{"b": 2}\n', b'{"c": 3}'], id="commas are not between lines"),
        pytest.param([b'{"a": 1}', b'{"b": {"c"'], id="cut off"),
        pytest.param([b'{"a": 1}', b'{"b": {}\n{"c": 3}\n'], id="from where brackets do not close"),
        pytest.param([b'{"a": 1}', b'{"b": "x'], id="cut off in a text"),
        pytest.param([b'{"a": 1}', b'{"b": "\\'], id="cut off in an escape"),
        pytest.param([b"{}", b'{"a": "\xff"}'], id="not UTF-8"),
    ],
)
def test_several_objects_are_a_part_each(apart: Apart, parts: Sequence[bytes]) -> None:
    """A part ends where the next part begins; the rest of an object's line belongs to the object."""
    assert apart(b"".join(parts)) == list(parts)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b" ",
        b"\n",
        b"{}",
        b'{"a": {"b": {}}} \n',
        b'{"a": 1} y',
        b'{"a": 1}}',
        b'{"a": 1},{"b": 2}',
        b'{"a": 1}\0',
        b'{"a": ',
        b'{"a": 1\n{"b": 2}',
        b"[{},{}]",
        b'[{"a": 1}]\n[{"b": 2}]',
        b"not json\n{}\n{}\n",
        b"}{",
        b'"{}{}"',
        b"\xef\xbb\xbf{}{}",
        "{}{}".encode("utf-16"),
        "{}{}".encode("utf-16-le"),
        "{}{}".encode("utf-16-be"),
        bytes(range(256)),
    ],
)
def test_everything_else_stays_whole(apart: Apart, record: bytes) -> None:
    """A record stays whole with one object, with objects not separated by lines, or without an object at its start."""
    assert apart(record) == [record]


def test_the_option_that_is_off(parts_of: Callable[[bytes, bool], list[bytes]]) -> None:
    """With the option off, only aggregates are split."""
    assert parts_of(b"{}{}", False) == [b"{}{}"]
    assert parts_of(aggregate([Inner("a", b"{}{}"), Inner("a", b"x")]), False) == [b"{}{}", b"x"]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    objects=st.lists(st.dictionaries(st.text(), json_values, max_size=3), min_size=1, max_size=5),
    separators=st.lists(st.text(" \t\r\n", max_size=3), min_size=5, max_size=5),
    is_indented=st.booleans(),
    is_ascii=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_any_objects(
    apart: Apart,
    objects: list[dict[str, Any]],
    separators: list[str],
    is_indented: bool,
    is_ascii: bool,
) -> None:
    """For any objects, each object is a part, and the joined parts are the record."""
    texts = [json.dumps(one, indent=1 if is_indented else None, ensure_ascii=is_ascii) for one in objects]
    record = "".join(a + b for a, b in zip(texts, separators, strict=False)).encode("utf-8", "surrogatepass")
    parts = apart(record)
    assert b"".join(parts) == record
    assert [json.loads(part.decode("utf-8", "surrogatepass")) for part in parts] == objects


@given(record=st.lists(st.sampled_from([*(bytes([c]) for c in b'{}[]",:\\ \n\0a\xff'), b'{"a":1}'])).map(b"".join))
@settings(max_examples=500, deadline=None)
def test_nothing_is_lost(apart: Apart, record: bytes) -> None:
    """The joined parts of any bytes are these bytes; only an empty record has an empty part."""
    parts = apart(record)
    assert b"".join(parts) == record
    assert all(parts) or record == b""


def test_aggregates(apart: Apart) -> None:
    """Each inner record is a part, whatever its key's shard; several objects in an inner record are parts too."""
    inner = [Inner("a", b"x"), Inner("b", b'{"n": 1}{"n": 2}'), Inner("a", b""), Inner("c", b"y" * 300, hash_key=7)]
    assert apart(aggregate(inner)) == [b"x", b'{"n": 1}', b'{"n": 2}', b"", b"y" * 300]


def signed(message: bytes) -> bytes:
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


KEY = b"\x0a\x01a"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(aggregate([Inner("a", b"x")])[:-1] + b"\0", id="another checksum"),
        pytest.param(aggregate([Inner("a", b"x")]) + b"\n", id="a byte more"),
        pytest.param(aggregate([Inner("a", b"x")])[:-1], id="a byte less"),
        pytest.param(MAGIC, id="magic only"),
        pytest.param(MAGIC + bytes(16), id="no message, another checksum"),
        pytest.param(signed(b""), id="no message"),
        pytest.param(signed(KEY), id="no record"),
        pytest.param(signed(KEY + b"\x1a\x05\x08\x01\x1a\x01x"), id="a key that is not there"),
        pytest.param(signed(KEY + b"\x1a\x0e\x08" + b"\xff" * 9 + b"\x01\x1a\x01x"), id="a key below zero"),
        pytest.param(signed(KEY + b"\x1a\x03\x1a\x01x"), id="no key"),
        pytest.param(signed(KEY + b"\x1a\x02\x08\x00"), id="no data"),
        pytest.param(signed(KEY + b"\x1a\x05\x08\x00\x1a\x02x"), id="data beyond the record"),
        pytest.param(signed(KEY + b"\x1a\x7f\x08\x00\x1a\x01x"), id="a record beyond the message"),
        pytest.param(signed(KEY + b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), id="a length below zero"),
        pytest.param(signed(KEY + b"\xff" * 11), id="a number without an end"),
        pytest.param(signed(KEY + b"\x1b"), id="a group"),
        pytest.param(signed(KEY + b"\x02\x00"), id="a field without a number"),
    ],
)
def test_a_broken_aggregate_stays_whole(apart: Apart, record: bytes) -> None:
    """It is one record as it stands, whatever is wrong with it."""
    assert apart(record) == [record]


def test_fields_that_are_not_known(apart: Apart) -> None:
    """Unknown fields (tags, fields of later producers) are ignored; the table of keys may come last."""
    record = b"\x08\x00" + b"\x22\x03abc" + b"\x29" + bytes(8) + b"\x35" + bytes(4) + b"\x40\x01" + b"\x1a\x01x"
    assert apart(signed(b"\x1a" + bytes([len(record)]) + record + b"\x52\x01z" + KEY)) == [b"x"]


def test_any_aggregate(apart: Apart) -> None:
    """Aggregates of up to a thousand records, with any keys and bytes."""
    chance = random.Random(3)
    for _ in range(1000):
        inner = [
            Inner(
                chance.choice("abcdé"),
                chance.randbytes(chance.choice([0, 1, 127, 128, 500])).replace(b"{", b""),
                chance.choice([None, 0, 2**128 - 1]),
            )
            for _ in range(chance.randint(1, 20))
        ]
        assert apart(aggregate(inner)) == [one.data for one in inner]
