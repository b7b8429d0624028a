"""The parts of a record: the records of an aggregate, and the JSON objects of each; in Java and in Python alike."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws import parts
from tests import record_parts
from tests.kpl import MAGIC, Inner, aggregate
from tests.record_parts import signed

Apart = Callable[[bytes], "list[bytes]"]


@pytest.fixture(scope="module")
def parts_of(jvm: Path) -> Callable[[bytes, bool], list[bytes]]:  # noqa: ARG001 (it prepares the JVM)
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    gateway: Any = get_gateway()
    return lambda record, documents: list(gateway.jvm.kinesis.RecordParts.of(record, documents))


@pytest.fixture(scope="module")
def apart(parts_of: Callable[[bytes, bool], list[bytes]]) -> Apart:
    """The parts of a record by the default options in Java, after a comparison with those in Python."""

    def both(record: bytes) -> list[bytes]:
        found = parts_of(record, True)
        assert parts.parts(record) == found, record
        return found

    return both


def test_the_file_of_cases_is_made_from_the_cases() -> None:
    """`python -m tests.record_parts` writes it anew."""
    assert record_parts.PAGE.read_text(encoding="utf-8") == record_parts.page()


@pytest.mark.parametrize("case", record_parts.CASES)
def test_cases(apart: Apart, case: str) -> None:
    """Java and Python take each record apart into the parts that stand there."""
    record, expected = record_parts.CASES[case]
    assert apart(record) == list(expected)


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
    found = apart(record)
    assert b"".join(found) == record
    assert [json.loads(part.decode("utf-8", "surrogatepass")) for part in found] == objects


PIECES = [*(bytes([c]) for c in b'{}[]",:\\ \n\0a\xff'), b'{"a":1}', b"{}", b"{}\n", b"\na", b"\n{"]


@given(record=st.lists(st.sampled_from(PIECES)).map(b"".join))
@settings(max_examples=500, deadline=None)
def test_nothing_is_lost(apart: Apart, record: bytes) -> None:
    """The joined parts of any bytes are these bytes; only an empty record has an empty part."""
    found = apart(record)
    assert b"".join(found) == record
    assert all(found) or record == b""


@given(message=st.binary(max_size=80) | st.lists(st.sampled_from([*range(32), 0xFF]), max_size=80).map(bytes))
@settings(max_examples=500, deadline=None)
def test_any_message(apart: Apart, message: bytes) -> None:
    """Any bytes with the mark and checksum of an aggregate have the same parts in Java and in Python, at least one."""
    assert apart(signed(message))
    assert apart(signed(record_parts.KEY + b"\x1a" + bytes([len(message)]) + message))


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


def test_a_part_of_an_aggregate_has_its_own_key() -> None:
    """The partition key is the inner record's; that of documents, and of a broken aggregate, is the record's."""
    inner = [Inner("a", b'{"n": 1}{"n": 2}'), Inner("é", b"x")]
    assert [part.partition_key for part in parts.apart("outer", aggregate(inner))] == ["a", "a", "é"]
    assert [part.partition_key for part in parts.apart("outer", b"{}{}")] == ["outer", "outer"]
    assert [part.partition_key for part in parts.apart("outer", aggregate(inner)[:-1])] == ["outer"]


@pytest.mark.parametrize(
    "record",
    [
        b"{}" * 100_000,
        b"{" * 200_000,
        b'{"}' * 100_000,
        b'{}{"a":"' + b"\\x" * 100_000,
        b"{}\n" + b"\n" * 200_000 + b"x",
        b"{}\n" + b"x\n" * 100_000,
        MAGIC * 50_000,
        signed(record_parts.KEY * 60_000),
    ],
    ids=range(8),
)
def test_a_long_record(record: bytes) -> None:
    """Python's time is linear in the length: of another, 200,000 bytes take more than minutes."""
    began = time.monotonic()
    assert b"".join(parts.parts(record)) == record
    assert time.monotonic() - began < 10
