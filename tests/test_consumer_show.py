"""How records, failures and the command line look."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from consumer import arguments, show
from consumer.failures import Place, sentence
from consumer.tail import Record
from consumer.trouble import GaveUp

HERE = Place("wildrydes", "us-east-1", "http://me:secret@127.0.0.1:4566/?key=secret")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_json_has_an_indent_of_four_and_its_own_order():
    """A record is shown with a 4-space indent, its keys in the order in which they came."""
    assert show.as_json(b'{"b": 1.5, "a": {"c": []}}\n') == ('{\n    "b": 1.5,\n    "a": {\n        "c": []\n    }\n}')


def test_compact_json_is_one_line():
    """Compact, a record is one line."""
    assert show.as_json(b'{"b": 1.5,\n "a": ["x y"]}', compact=True) == '{"b":1.5,"a":["x y"]}'


def test_readable_characters_stay_readable():
    """Letters of any script are shown as they are."""
    assert show.as_json('"Zoë 馬 🦄"'.encode()) == '"Zoë 馬 🦄"'


@given(VALUES, st.booleans(), st.booleans())
def test_shown_json_is_the_same_value_and_drives_no_terminal(value, compact, ascii_only):
    """Any JSON is shown as the same JSON, without a control or direction character in it."""
    try:
        data = json.dumps(value, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8
        return
    shown = show.as_json(data, compact=compact)
    assert json.loads(shown) == value
    assert shown.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", ""),
        (b"\n", ""),
        (b"plain text\r\n", "plain text"),
        (b"two\nlines\n", r"two\nlines"),
        (b"\x1b[31mred\x07", r"\x1b[31mred\x07"),
        (b"\xff\xfe{", r"\xff\xfe{"),
        ("\u009b31m\u202e\x7f".encode(), r"\x9b31m\u202e\x7f"),
        (b'{"a": NaN}', '{"a": NaN}'),
        (b"[1e999]", "[1e999]"),
        (b'{"a": 1', '{"a": 1'),
        (b'{} {"a"}', '{} {"a"}'),
        (
            '{"ü": 1}'.encode("utf-16"),
            r"\xff\xfe{\x00\"\x00\xfc\x00\"\x00:\x00 \x001\x00}\x00".replace('\\"', '"'),
        ),
    ],
)
def test_what_is_not_json_is_shown_as_it_came(data, shown):
    """Bytes that are not JSON in UTF-8 are shown in one line, what could drive a terminal escaped."""
    assert show.as_json(data) is None
    assert show.as_text(data) == shown


@pytest.mark.parametrize("data", [b"[" * 100_000, b"9" * 100_000], ids=["depth", "digits"])
def test_json_beyond_python_s_limits_is_shown_as_text(data):
    """Nesting and numbers that Python refuses stop nothing."""
    assert show.as_json(data) is None
    assert show.as_text(data) == data.decode()


def test_a_record_of_a_megabyte_is_shown():
    """Size is no reason to leave a record out."""
    data = json.dumps({"a": "x\u202e" * 200_000}).encode()
    assert json.loads(show.as_json(data)) == json.loads(data)


@given(st.binary(max_size=50))
def test_no_bytes_drive_the_terminal(data):
    """Whatever the bytes, one printable line comes out."""
    assert show.as_text(data).isprintable()


def test_an_origin_is_one_line():
    """Shard, arrival in UTC to the millisecond, and the partition key, escaped."""
    arrival = datetime(2026, 1, 27, 12, 0, 0, 5000, tzinfo=UTC)
    record = Record("shardId-000000000000", "1", "Shadow\x1bfax", arrival, b"")
    assert show.origin(record) == r"shardId-000000000000 2026-01-27 12:00:00.005 key=Shadow\x1bfax"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "ListShards"),
            "There is no stream wildrydes in us-east-1 at http://127.0.0.1:4566: create it, or check",
        ),
        (
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetRecords"),
            "Access denied to GetRecords of stream wildrydes",
        ),
        (
            ClientError({"Error": {"Code": "InvalidSignatureException", "Message": "secret"}}, "ListShards"),
            "http://127.0.0.1:4566 refused the credentials",
        ),
        (
            ClientError({"Error": {"Code": "Odd", "Message": "a\n\x1b[1mb"}}, "ListShards"),
            f"ListShards of {HERE} failed with Odd: " + r"a\n\x1b[1mb.",
        ),
        (NoCredentialsError(), "No usable AWS credentials for stream wildrydes"),
        (
            EndpointConnectionError(endpoint_url="http://me:secret@x"),
            "Nothing answers at http://127.0.0.1:4566",
        ),
        (
            GaveUp("reading s0 of wildrydes", "ThrottlingException", 300),
            "Gave up: reading s0 of wildrydes kept",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_is_one_sentence(error, expected):
    """What, where and the remedy in one line, with nothing secret of the URL or the request in it."""
    said = sentence(error, HERE)
    assert said.startswith(expected)
    assert said.endswith(".")
    assert said.isprintable()
    assert "secret" not in said


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--stream", "arn:aws:kinesis"], "is no stream name"),
        (["--stream", ""], "is no stream name"),
        (["--endpoint", "localhost:4566"], "not an address like"),
        (["--from", "noon"], "yyyy-MM-dd HH:mm:ss"),
        (["--from", "2999-01-01 00:00:00"], "in the future"),
        (["--from-start", "--from", "2026-01-27 12:00:00"], "not allowed with"),
        (["--limit", "0"], "from 1 up"),
        (["--patience", "nan"], "seconds from 0 up"),
        (["--until-caught-up"], "needs --from-start or --from"),
        (["--lim", "3"], "unrecognized"),
    ],
)
def test_a_wrong_command_line_exits_with_2(argv, complaint, capsys):
    """A usage error says which flag and what it takes, and exits with 2."""
    with pytest.raises(SystemExit) as stopped:
        arguments.parse(argv)
    assert stopped.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_defaults_are_the_workshop_s():
    """Without flags: stream wildrydes, from LATEST, for ever, indented."""
    args = arguments.parse([])
    assert (args.stream, args.from_start, args.from_time, args.limit) == ("wildrydes", False, None, None)
    assert (args.patience, args.compact, args.keys, args.quiet) == (300, False, False, False)


def test_a_time_is_utc():
    """--from is read as UTC whatever the machine's zone."""
    args = arguments.parse(["--from", "2026-01-27 12:00:00"])
    assert args.from_time == datetime(2026, 1, 27, 12, tzinfo=UTC)
