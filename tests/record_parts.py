"""tests/record_parts.json: what records are taken apart into, for the programs in Java, Python and TypeScript alike.

`python -m tests.record_parts` writes the file from the cases here, and a test compares both. It has a list of
{"case": TEXT, "record": BYTES, "parts": [BYTES, ...]}, with bytes in base64.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from java import paths
from tests.kpl import MAGIC, Inner, aggregate

PAGE = paths.ROOT / "tests" / "record_parts.json"

SEVERAL: Mapping[str, Sequence[bytes]] = {
    "one after the other": [b'{"a": 1}', b'{"b": 2}'],
    "a line each": [b'{"a": 1}\n', b'{"b": 2}\n'],
    "white space between": [b'{"a": 1}\r\n\r\n', b'{"b": 2}\t ', b'{"c": 3}'],
    "white space before": [b' \n{"a": 1} ', b'{"b": 2}'],
    "nested": [b'{"a": {"b": [{"c": {}}]}}', b'{"d": []}'],
    "brackets in texts": [b'{"a": "}{"}', b'{"b": "\\"}{\\\\"}', b"{}"],
    "over several lines": [b'{\n"a":\n{"b": 1}\n}\n', b'{\n"c": 2\n}'],
    "beyond ASCII": ['{"a": "é🦄"}'.encode(), b"{}"],
    "a line that is none": [b'{"a": 1}\n', b"not json\n", b'{"b": 2}'],
    "a last line that is none": [b'{"a": 1}\n', b"not json"],
    "something behind one of them": [b'{"a": 1}\n', b'{"b": 2} x\n', b'{"c": 3}'],
    "commas are not between lines": [b'{"a": 1},{"b": 2}\n', b'{"c": 3}'],
    "cut off": [b'{"a": 1}', b'{"b": {"c"'],
    "from where brackets do not close": [b'{"a": 1}', b'{"b": {}\n{"c": 3}\n'],
    "cut off in a text": [b'{"a": 1}', b'{"b": "x'],
    "cut off in an escape": [b'{"a": 1}', b'{"b": "\\'],
    "not UTF-8": [b"{}", b'{"a": "\xff"}'],
}
WHOLE: Mapping[str, bytes] = {
    "empty": b"",
    "a space": b" ",
    "a line feed": b"\n",
    "an empty object": b"{}",
    "white space behind": b'{"a": {"b": {}}} \n',
    "something behind": b'{"a": 1} y',
    "a bracket too many": b'{"a": 1}}',
    "a comma between": b'{"a": 1},{"b": 2}',
    "a zero behind": b'{"a": 1}\0',
    "cut off after a colon": b'{"a": ',
    "the first does not close": b'{"a": 1\n{"b": 2}',
    "an array": b"[{},{}]",
    "an array a line": b'[{"a": 1}]\n[{"b": 2}]',
    "begins with a line that is none": b"not json\n{}\n{}\n",
    "the wrong way round": b"}{",
    "a text": b'"{}{}"',
    "a byte order mark": b"\xef\xbb\xbf{}{}",
    "UTF-16 with a mark": "{}{}".encode("utf-16"),
    "UTF-16, little end first": "{}{}".encode("utf-16-le"),
    "UTF-16, big end first": "{}{}".encode("utf-16-be"),
    "each byte once": bytes(range(256)),
}


def signed(message: bytes) -> bytes:
    """An aggregate with this message."""
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


KEY = b"\x0a\x01a"
_UNKNOWN = b"\x08\x00" + b"\x22\x03abc" + b"\x29" + bytes(8) + b"\x35" + bytes(4) + b"\x40\x01" + b"\x1a\x01x"
AGGREGATES: Mapping[str, tuple[bytes, Sequence[bytes]]] = {
    "an aggregate": (
        aggregate([Inner("a", b"x"), Inner("b", b"z"), Inner("a", b""), Inner("c", b"y" * 300, hash_key=7)]),
        [b"x", b"z", b"", b"y" * 300],
    ),
    "an aggregate of one": (aggregate([Inner("a", b"x")]), [b"x"]),
    "an aggregate with several objects in a record": (
        aggregate([Inner("a", b"x"), Inner("b", b'{"n": 1}{"n": 2}\n')]),
        [b"x", b'{"n": 1}', b'{"n": 2}\n'],
    ),
    # Tags, and fields of later producers; the table of keys may come last.
    "an aggregate with fields that are not known": (
        signed(b"\x1a" + bytes([len(_UNKNOWN)]) + _UNKNOWN + b"\x52\x01z" + KEY),
        [b"x"],
    ),
    "an aggregate with its data twice": (signed(KEY + b"\x1a\x08\x08\x00\x1a\x01x\x1a\x01y"), [b"y"]),
    "an aggregate in an aggregate": (
        aggregate([Inner("a", aggregate([Inner("a", b"x")]))]),
        [aggregate([Inner("a", b"x")])],
    ),
}
BROKEN: Mapping[str, bytes] = {
    "another checksum": aggregate([Inner("a", b"x")])[:-1] + b"\0",
    "a byte more": aggregate([Inner("a", b"x")]) + b"\n",
    "a byte less": aggregate([Inner("a", b"x")])[:-1],
    "magic only": MAGIC,
    "no message, another checksum": MAGIC + bytes(16),
    "no message": signed(b""),
    "no record": signed(KEY),
    "a key that is not there": signed(KEY + b"\x1a\x05\x08\x01\x1a\x01x"),
    "a key that is no UTF-8": signed(b"\x0a\x03\xed\xa0\x80" + b"\x1a\x05\x08\x00\x1a\x01x"),
    "a key below zero": signed(KEY + b"\x1a\x0e\x08" + b"\xff" * 9 + b"\x01\x1a\x01x"),
    "no key": signed(KEY + b"\x1a\x03\x1a\x01x"),
    "no data": signed(KEY + b"\x1a\x02\x08\x00"),
    "data beyond the record": signed(KEY + b"\x1a\x05\x08\x00\x1a\x02x"),
    "a record beyond the message": signed(KEY + b"\x1a\x7f\x08\x00\x1a\x01x"),
    "a length below zero": signed(KEY + b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    "a number without an end": signed(KEY + b"\xff" * 11),
    "a number that is cut off": signed(KEY + b"\x08\xff"),
    "a group": signed(KEY + b"\x1b"),
    "a field without a number": signed(KEY + b"\x02\x00"),
    "a field with too high a number": signed(KEY + b"\x80\x80\x80\x80\x10\x00"),
}
CASES: Mapping[str, tuple[bytes, Sequence[bytes]]] = {
    **{f"several: {name}": (b"".join(parts), parts) for name, parts in SEVERAL.items()},
    **{f"whole: {name}": (record, [record]) for name, record in WHOLE.items()},
    **AGGREGATES,
    **{f"a broken aggregate: {name}": (record, [record]) for name, record in BROKEN.items()},
}


def page() -> str:
    """The whole text, a case on each line."""
    cases = [
        {"case": name, "record": _text(record), "parts": [_text(part) for part in parts]}
        for name, (record, parts) in CASES.items()
    ]
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
