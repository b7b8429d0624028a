"""Records and errors as text, and the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from consumer import printing
from consumer.__main__ import main
from consumer.options import parse
from consumer.records import Record
from consumer.tail import GaveUp, Tail
from tests.kpl import Inner, aggregate

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_json_has_an_indent_of_four_and_its_own_order():
    """A record is shown with a 4-space indent, its keys in the order in which they came."""
    assert printing.as_json(b'{"b": 1.5, "a": {"c": []}}\n') == (
        '{\n    "b": 1.5,\n    "a": {\n        "c": []\n    }\n}'
    )


def test_compact_json_is_one_line():
    """A compact record is a line."""
    assert printing.as_json(b'{"b": 1.5,\n "a": ["x y"]}', compact=True) == '{"b":1.5,"a":["x y"]}'


def test_readable_characters_stay_readable():
    """Letters of any script are shown as they are."""
    assert printing.as_json('"Zoë 馬 🦄"'.encode()) == '"Zoë 馬 🦄"'


@given(VALUES, st.booleans(), st.booleans())
def test_shown_json_is_the_same_value_and_drives_no_terminal(value, compact, ascii_only):
    """Any JSON is shown as the same JSON, without a control or direction character in it."""
    try:
        data = json.dumps(value, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8
        return
    shown = printing.as_json(data, compact=compact)
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
def test_other_data_is_shown_as_text(data, shown):
    """Bytes that are not JSON in UTF-8 are a line of text, with control characters escaped."""
    assert printing.as_json(data) is None
    assert printing.as_text(data) == shown


@pytest.mark.parametrize("data", [b"[" * 100_000, b"9" * 100_000], ids=["depth", "digits"])
def test_json_beyond_python_s_limits_is_shown_as_text(data):
    """JSON that Python refuses (nesting, numbers) is shown as text."""
    assert printing.as_json(data) is None
    assert printing.as_text(data) == data.decode()


def test_a_record_of_a_megabyte_is_shown():
    """A large record is shown too."""
    data = json.dumps({"a": "x\u202e" * 200_000}).encode()
    assert json.loads(printing.as_json(data)) == json.loads(data)


@given(st.binary(max_size=50))
def test_no_bytes_drive_the_terminal(data):
    """Any bytes become a printable line."""
    assert printing.as_text(data).isprintable()


def test_an_origin_is_one_line():
    """Shard, arrival in UTC to the millisecond, and the partition key, escaped."""
    arrival = datetime(2026, 1, 27, 12, 0, 0, 5000, tzinfo=UTC)
    record = Record("shardId-000000000000", "1", "Shadow\x1bfax", arrival, b"")
    assert printing.origin(record, record.partition_key) == (
        r"shardId-000000000000 2026-01-27 12:00:00.005 key=Shadow\x1bfax"
    )


def printed(capfd, records, *, limit=None):
    """The lines on standard output and standard error of these records and the totals."""
    printer = printing.Printer(compact=True, keys=True, quiet=False, limit=limit)
    printer.print(
        Record("s0", str(n), "outer", datetime(2026, 1, 27, 12, tzinfo=UTC), d) for n, d in enumerate(records, 7)
    )
    printer.totals(0)
    out, err = capfd.readouterr()
    return out.splitlines(), err.replace("s0 2026-01-27 12:00:00.000 ", "").splitlines()


def test_each_part_of_a_record_is_printed(capfd):
    """Several documents, and the records of an aggregate, are a line each, counted beside the records."""
    several = aggregate([Inner("a", b'{"n": 1}{"n": 2}\n'), Inner("b", b"x")])
    assert printed(capfd, [b"{}", several, several[:-1]]) == (
        ["{}", '{"n":1}', '{"n":2}', "x", printing.as_text(several[:-1])],
        [
            "# key=outer",
            *("# part 1 of 3 key=a", "# part 2 of 3 key=a", "# part 3 of 3 key=b"),
            "consumer: part 3 of 3 of record 8 of s0 holds 1 byte that are not JSON",
            "# key=outer",
            f"consumer: record 9 of s0 holds {len(several) - 1} bytes that are not JSON",
            "consumer: 3 records of 1 shard in 5 parts, 2 of them not JSON in 0.0 s",
        ],
    )


def test_the_limit_is_of_what_is_printed(capfd):
    """--limit counts parts: it may end within a record, and what follows is not read as a record."""
    out, err = printed(capfd, [b'{"n": 1}{"n": 2}', b'{"n": 3}{"n": 4}', b'{"n": 5}'], limit=3)
    assert out == ['{"n":1}', '{"n":2}', '{"n":3}']
    assert err[-1] == "consumer: 2 records of 1 shard in 3 parts in 0.0 s"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "ListShards"),
            "Stream wildrydes in us-east-1 at http://127.0.0.1:4566 does not exist: create it, or check --stream",
        ),
        (
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetRecords"),
            "AWS refused GetRecords of stream wildrydes in us-east-1 at http://127.0.0.1:4566 (AccessDeniedException: ",
        ),
        (
            ClientError({"Error": {"Code": "InvalidSignatureException", "Message": "secret"}}, "ListShards"),
            "http://127.0.0.1:4566 does not accept these credentials (InvalidSignatureException): paste the line",
        ),
        (
            ClientError({"Error": {"Code": "Odd", "Message": "a\n\x1b[1mb"}}, "ListShards"),
            "AWS refused ListShards of stream wildrydes in us-east-1 at http://127.0.0.1:4566 (Odd: a [1mb): ",
        ),
        (NoCredentialsError(), "There are no AWS credentials: "),
        (EndpointConnectionError(endpoint_url="http://me:secret@x"), "http://127.0.0.1:4566 does not answer: check"),
        (
            GaveUp("reading s0 of wildrydes", "http://127.0.0.1:4566", "ThrottlingException", 300),
            "Gave up reading s0 of wildrydes at http://127.0.0.1:4566, which failed for 300 s",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_is_one_sentence(error, expected, monkeypatch, capsys):
    """The problem, the place and the remedy in a line, without secrets of the URL or the request."""

    def batches(_tail):
        raise error

    monkeypatch.setattr(Tail, "batches", batches)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert main(["--endpoint", "http://me:secret@127.0.0.1:4566/?key=secret"]) == 1
    out, said = capsys.readouterr()
    assert out == ""
    assert said.startswith(f"consumer: {expected}")
    assert said.endswith(".\n")
    assert said.rstrip("\n").isprintable()
    assert "secret" not in said


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--stream", "arn:aws:kinesis"], "is not a stream name"),
        (["--stream", ""], "is not a stream name"),
        (["--endpoint", "localhost:4566"], "not an address like"),
        (["--from", "noon"], "yyyy-MM-dd HH:mm:ss"),
        (["--from", "2999-01-01 00:00:00"], "in the future"),
        (["--from-start", "--from", "2026-01-27 12:00:00"], "both set the start"),
        (["--limit", "0"], "from 1 up"),
        (["--patience", "nan"], "seconds from 0 up"),
        (["--until-caught-up"], "needs --from-start or --from"),
        (["--lim", "3"], "No such option"),
    ],
)
def test_a_wrong_command_line_exits_with_2(argv, complaint, capsys):
    """Wrong usage is one sentence with the flag and its form, and exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        parse(argv)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_the_defaults_are_the_workshop_s():
    """Without flags: stream wildrydes, from LATEST, for ever, indented."""
    args = parse([])
    assert (args.stream, args.from_start, args.from_time, args.limit) == ("wildrydes", False, None, None)
    assert (args.patience, args.compact, args.keys, args.quiet) == (300, False, False, False)


def test_a_time_is_utc():
    """--from is UTC in any time zone of the machine."""
    args = parse(["--from", "2026-01-27 12:00:00"])
    assert args.from_time == datetime(2026, 1, 27, 12, tzinfo=UTC)
