"""The messages of json_record for the sender of a refused record, and that no record makes it throw."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import lzma
import random
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from java import build, paths

COLUMNS = (
    "Name STRING NOT NULL, StatusTime TIMESTAMP(3) NOT NULL, Distance DOUBLE NOT NULL, MagicPoints INT NOT NULL, "
    "Total BIGINT, Price DECIMAL(5, 2), Landed BOOLEAN"
)
GOOD = {"Name": "Shadowfax", "StatusTime": "2026-11-22 06:00:01.234", "Distance": 29.5, "MagicPoints": 150}
TIME = "expected TIMESTAMP(3) as yyyy-MM-dd HH:mm:ss[.SSS]"
UTF_8 = json.dumps(GOOD).encode()
TEXT = json.dumps(GOOD)

Answer = tuple["str | None", "str | None"]


@pytest.fixture(scope="module")
def java(jvm: Path) -> Any:  # noqa: ARG001 (it prepares the JVM, with the functions on its class path)
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    return get_gateway()


@pytest.fixture(scope="module")
def answer(java: Any) -> Callable[[bytes], Answer]:
    """A record -> its error and message."""
    function = java.jvm.streaming.JsonRecord()
    columns = java.jvm.org.apache.flink.table.data.StringData.fromString(COLUMNS)
    return lambda line: error_and_message(function.eval(line, columns))


def error_and_message(row: Any) -> Answer:
    error, message = row.getField(0), row.getField(1)
    return (None if error is None else str(error)), (None if message is None else str(message))


def but(**changed: Any) -> bytes:
    """A good reading with other values; `...` removes a value."""
    return json.dumps({key: value for key, value in (GOOD | changed).items() if value is not ...}).encode()


def raw(key: str, value: str) -> bytes:
    """A good reading with a value in this notation."""
    return json.dumps(GOOD | {key: "@"}).replace('"@"', value).encode()


PARSE: list[tuple[bytes, str]] = [
    (b"", "The record is empty."),
    (b" \r\n\t", "The record is empty: it has white space only."),
    (b"\xef\xbb\xbf" + UTF_8, "The record begins with a byte order mark (EF BB BF): send UTF-8 without it."),
    (TEXT.encode("utf-16"), "The record is UTF-16: send UTF-8."),
    (TEXT.encode("utf-16-be"), "The record is UTF-16: send UTF-8."),
    (TEXT.encode("utf-16-le"), "The record is UTF-16: send UTF-8."),
    (TEXT.encode("utf-32"), "The record is UTF-32: send UTF-8."),
    (TEXT.encode("utf-32-be"), "The record is UTF-32: send UTF-8."),
    (TEXT.encode("utf-32-le"), "The record is UTF-32: send UTF-8."),
    (gzip.compress(UTF_8), "The record is compressed (gzip): send it as it was before."),
    (zlib.compress(UTF_8), "The record is compressed (zlib): send it as it was before."),
    (bz2.compress(UTF_8), "The record is compressed (bzip2): send it as it was before."),
    (lzma.compress(UTF_8), "The record is compressed (xz): send it as it was before."),
    (b"\x28\xb5\x2f\xfd" + UTF_8, "The record is compressed (Zstandard): send it as it was before."),
    (
        b"\xf3\x89\x9a\xc2\x0a\x01a" + UTF_8,
        "The record is an aggregate of the Kinesis Producer Library (F3 89 9A C2) that is damaged, or a "
        "line of one in a file.",
    ),
    (base64.b64encode(UTF_8), "The record is base 64, as it seems: send the JSON that it encodes."),
    (
        UTF_8 + b"\n" + UTF_8,
        "The record goes on after the JSON object: send one object a record, or several with white space between.",
    ),
    (
        UTF_8 + b"1",
        "The record goes on after the JSON object: send one object a record, or several with white space between.",
    ),
    (b"[" + UTF_8 + b"]", "The record is not a JSON object but an array of them: send each as a record of its own."),
    (json.dumps(TEXT).encode(), "The record is not a JSON object but a text that holds one: it was encoded twice."),
    (b"null", "The record is not a JSON object."),
    (raw("Distance", "NaN"), "The record is not JSON at line: 1, column: N: NaN and Infinity are no JSON numbers."),
    (UTF_8[:-1], "The record is not JSON at line: 1, column: N: it is cut off."),
    (UTF_8 + b"\0", "The record is not JSON at line: 1, column: N: zero bytes are no part of JSON."),
    (b"{'Name': 1}", "The record is not JSON at line: 1, column: N: texts and keys stand in double quotes."),
    (b'{"Name": /* no */ 1}', "The record is not JSON at line: 1, column: N: JSON has no comments."),
    (b'{"Name": 007}', "The record is not JSON at line: 1, column: N: a number has no leading zeros."),
    (b'{"Name": "a\tb"}', "The record is not JSON at line: 1, column: N: control characters are escaped."),
    (b'{"Name": "\xe9"}', "The record is not UTF-8 after byte 10."),
    (b"[" * 1001, "The record is not a JSON object."),
    (b'{"z":' + b"[" * 1000, "The record is nested over 1000 deep."),
    (raw("z", "1" * 1001), "The record has a number of over 1000 characters."),
    (json.dumps({"k" * 50_001: 1}).encode(), "The record has a key of over 50000 characters."),
]  # fmt: skip

COERCION: list[tuple[bytes, str]] = [
    (but(Name=...), "Name is missing, expected STRING."),
    (but(Name=..., name="x"), "Name is missing, expected STRING; there is name."),
    (but(StatusTime=..., status_time="x"), f"StatusTime is missing, {TIME}; there is status_time."),
    (but(Name=..., **{" Name": "x"}), 'Name is missing, expected STRING; there is " Name".'),
    (but(Name=..., z={"name": "x"}), "Name is missing, expected STRING."),
    (but(Name=None), "Name is null, expected STRING."),
    (but(Name=7), "Name is 7, expected STRING; a text stands in quotes."),
    (but(Name="\ud83e"), r'Name is "\uD83E", expected STRING; half of a surrogate pair is no character.'),
    (but(Name=["x"]), "Name is […, expected STRING."),
    (UTF_8.replace(b'"Name"', b'"Name": "y", "Name"'), "Name is there twice, expected STRING."),
    (but(Distance="29.5"), 'Distance is "29.5", expected DOUBLE; write the number without quotes.'),
    (but(Distance="far"), 'Distance is "far", expected DOUBLE.'),
    (but(Distance=True), "Distance is true, expected DOUBLE."),
    (
        raw("Distance", "1e999"),
        "Distance is 1e999, expected DOUBLE; it is beyond the largest DOUBLE, 1.7976931348623157E308.",
    ),
    (but(MagicPoints="150"), 'MagicPoints is "150", expected INT; write the number without quotes.'),
    (but(MagicPoints=150.5), "MagicPoints is 150.5, expected INT; write a whole number, without point and exponent."),
    (raw("MagicPoints", "1e2"), "MagicPoints is 1e2, expected INT; write a whole number, without point and exponent."),
    (but(MagicPoints=2**31), "MagicPoints is 2147483648, expected INT; it is not from -2147483648 to 2147483647."),
    (
        but(Total=2**63),
        "Total is 9223372036854775808, expected BIGINT; it is not from -9223372036854775808 to 9223372036854775807.",
    ),
    (
        raw("Price", "1.005"),
        "Price is 1.005, expected DECIMAL(5, 2); it takes 3 digits before the point and 2 after it.",
    ),
    (but(Price="1,50"), 'Price is "1,50", expected DECIMAL(5, 2); write the number without quotes.'),
    (but(Landed="true"), 'Landed is "true", expected BOOLEAN; write true or false, without quotes.'),
    (but(Landed=1), "Landed is 1, expected BOOLEAN; write true or false, without quotes."),
    (
        but(StatusTime=1795327200000),
        f"StatusTime is 1795327200000, {TIME}; seconds or milliseconds since 1970 are not read.",
    ),
    *(
        (but(StatusTime=time), f'StatusTime is "{time}", {TIME}{hint}.')
        for time, hint in [
            ("yesterday", ""),
            ("", "; it is empty"),
            (" 2026-11-22 06:00:00", "; leave out the space around it"),
            ("1795327200", "; seconds or milliseconds since 1970 are not read"),
            ("2026-11-22", "; the time of day is missing"),
            ("2026-11-22 06:00", "; the seconds are missing"),
            ("2026-11-22T06:00:00", "; write a space in place of T"),
            ("2026-11-22T06:00:00.123", "; write a space in place of T"),
            ("2026-11-22T06:00:00Z", "; write it in UTC, without a zone, and with a space in place of T"),
            ("2026-11-22 06:00:00.123+01:00", "; write it in UTC, without a zone, and with a space in place of T"),
            ("2026-11-22 06:00:00 UTC", "; write it in UTC, without a zone, and with a space in place of T"),
            ("2026/11/22 06:00:00", "; write dashes in the date"),
            ("2026-11-22 06:00:00,123", "; write a point before the digits of a second"),
            ("2026-11-22 06:00:00.123456", "; write at most three digits of a second"),
            ("2026-11-22 06:00:00.", "; write digits after the point, or no point"),
            ("2026-11-22 6:00:00", "; write two digits each, as in 01"),
            ("2026-02-30 06:00:00", "; there is no such date or time of day"),
            ("2026-11-22 24:00:00", "; there is no such date or time of day"),
            ("0000-01-01 00:00:00", "; years begin at 0001"),
        ]
    ),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), PARSE, ids=[message[11:60] for _, message in PARSE])
def test_a_record_that_is_no_json_object_is_called_what_it_is(
    answer: Callable[[bytes], Answer], line: bytes, message: str
) -> None:
    """The message names the format of the record and the expected format."""
    error, found = answer(line)
    # The column of an error depends on the version of Jackson.
    assert (error, re.sub(r"column: \d+", "column: N", found or "")) == ("PARSE", message)


@pytest.mark.parametrize(("line", "message"), COERCION, ids=[message[:70] for _, message in COERCION])
def test_a_wrong_value_comes_with_the_wanted_shape(
    answer: Callable[[bytes], Answer], line: bytes, message: str
) -> None:
    """The message has the column, the value, the type, and the remedy if it is known."""
    assert answer(line) == ("COERCION", message)


def test_a_good_record_has_no_message(answer: Callable[[bytes], Answer]) -> None:
    """A good record has no message, even if its first letters look like another format."""
    assert answer(UTF_8) == (None, None)
    assert answer(b"  " + UTF_8) == (None, None)
    assert answer(but(Total=1, Price=1.25, Landed=True)) == (None, None)


# --- Nothing makes it throw -----------------------------------------------------------------------


def truncated() -> Iterator[bytes]:
    """Every prefix of a record in every encoding, and every suffix."""
    line = json.dumps(GOOD | {"Name": 'é🦄\\"', "z": [None, {"a": [True, 1.5e-7]}]}, ensure_ascii=False)
    for encoded in (line.encode(), line.encode("utf-16"), line.encode("utf-32-be"), gzip.compress(line.encode())):
        for at in range(len(encoded)):
            yield encoded[:at]
            yield encoded[at:]


def at_the_limits() -> Iterator[bytes]:
    """Sizes at, below and above each limit, of these records and of newer Jacksons."""
    for size in (999, 1000, 1001, 5000):
        for value in ("9" * size, "0." + "0" * size, "1e" + "9" * size, "-" + "1" * size, f"1e-{'9' * size}"):
            yield from (raw(key, value) for key in ("z", "Distance", "MagicPoints", "Total", "Price", "StatusTime"))
        for before, after in (("[", "]"), ('{"a":', "}")):
            yield raw("z", before * size + "1" + after * size)
            yield raw("z", before * size)
            yield raw("Name", before * size + "1" + after * size)
    for size in (49_999, 50_000, 50_001):
        yield json.dumps(GOOD | {"k" * size: 1}).encode()
        yield but(Name="n" * size)
        yield but(StatusTime="0" * size)
        yield but(Name=..., **{" " * size: 1})
    yield but(Name="🦄" * 500_000)
    yield json.dumps({f"k{number}": number for number in range(20_000)}).encode()
    yield b'{"Name": "x"' + b', "Name": "x"' * 20_000 + b"}"
    yield b"[" * 200_000
    yield b'{"a":' * 200_000


def hostile() -> Iterator[bytes]:
    """Huge exponents, half surrogate pairs, bytes that are not UTF-8, zero bytes: in every place of a record."""
    pieces = [
        b"\0", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xfe\xff", b"\\ud800",
        b"\\udc00", b"\\u0000", b"\\u12", b"\\", b'"', b"1e2147483648", b"1e-99999999999999999999", b"-0", b"NaN",
        b"-Infinity", b"//", b"/*", b"#", b"\x1f", b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8", b"{", b"}", b"[", b"]",
    ]  # fmt: skip
    dice = random.Random(13)
    for piece in pieces:
        for at in dice.sample(range(len(UTF_8)), 20):
            yield UTF_8[:at] + piece + UTF_8[at:]
            yield UTF_8[:at] + piece + UTF_8[at + len(piece) :]
        yield piece


@pytest.mark.parametrize("lines", [truncated, at_the_limits, hostile])
def test_nothing_makes_it_throw(answer: Callable[[bytes], Answer], lines: Callable[[], Iterator[bytes]]) -> None:
    """Each record gets its error, with a short printable line as its message."""
    for line in lines():
        error, message = answer(line)
        assert error in (None, "PARSE", "COERCION")
        assert (error is None) == (message is None)
        if message is not None:
            assert message.isprintable(), message
            assert message.endswith("."), message
            assert len(message) <= 250, message
            assert "cannot be read" not in message, f"an exception that nobody foresaw: {message}"


FAILING = """
import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.*;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.util.JsonParserDelegate;

public class Failing extends JsonFactory {
    private final String how;
    public Failing(String how) { this.how = how; }

    @Override public JsonParser createParser(String text) throws IOException {
        return new JsonParserDelegate(super.createParser(text)) {
            @Override public JsonToken nextToken() throws IOException {
                switch (how) {
                    case "no location": throw new JsonParseException(null, "too deep", (JsonLocation) null);
                    case "no message": throw new JsonParseException(null, null, (JsonLocation) null);
                    case "io": throw new IOException();
                    case "runtime": throw new IllegalStateException((String) null);
                    case "null": throw new NullPointerException();
                    default: throw new StackOverflowError();
                }
            }
        };
    }
}
"""


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no location", "The record is not JSON, or beyond a limit of the JSON parser."),
        ("no message", "The record is not JSON, or beyond a limit of the JSON parser."),
        ("io", "The record cannot be read: IOException."),
        ("runtime", "The record cannot be read: IllegalStateException."),
        ("null", "The record cannot be read: NullPointerException."),
        ("stack", "The record cannot be read: StackOverflowError."),
    ],
)
def test_whatever_the_parser_throws_is_the_records_own_error(
    failing: Callable[[str], Any], how: str, message: str
) -> None:
    """Any exception of the parser is the record's error. In Jackson 2.15 and newer (Flink 2) some have no location."""
    assert error_and_message(failing(how).read(b"{}")) == ("PARSE", message)


@pytest.fixture(scope="module")
def failing(java: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """A reader of records whose parser fails in the given way."""
    folder = tmp_path_factory.mktemp("failing")
    (folder / "Failing.java").write_text(FAILING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "FOLDERS", (folder,))
        jar = build.compile_functions(next(paths.JARS.glob("ecj-*.jar")), folder / "out" / "failing.jar")
    urls = java.new_array(java.jvm.java.net.URL, 1)
    urls[0] = java.jvm.java.io.File(str(jar)).toURI().toURL()
    loader = java.jvm.java.net.URLClassLoader(urls, java.jvm.Thread.currentThread().getContextClassLoader())
    types = java.new_array(java.jvm.Class, 1)
    types[0] = java.jvm.Class.forName("java.lang.String")
    constructor = loader.loadClass("Failing").getConstructor(types)

    def make(how: str) -> Any:
        arguments = java.new_array(java.jvm.Object, 1)
        arguments[0] = how
        return java.jvm.streaming.RecordReader.using(COLUMNS, constructor.newInstance(arguments))

    return make
