"""`python -m kda discover`: every form of sample, names, types, what is told, and the way back through the reader."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from consumer.tail import Clock
from java import paths
from kda import __main__ as kda_main
from kda import json_tree
from kda.applications import Column, Configuration, Schema, written
from kda.discovery.documents import parsed as json_parsed
from kda.discovery.names import column_name, mapping, names, reserved
from kda.discovery.page import page, sql
from kda.discovery.samples import NoSample, Sample, apart, of_file
from kda.discovery.schema import Discovery, discovered, input_schema
from kda.discovery.stream import Reading, sample
from kda.places import Code, File
from kda.program import parsed
from kda.reader import schema
from kda.tree import Fields, of_kind
from local import emulator, resources
from tests import kpl

QUOTES = [
    {"ticker": "AAPL", "price": 12.5, "at": "2026-01-02 10:00:00", "quote": {"bid": 1, "ask": 2}, "tags": ["a", "b"]},
    {"ticker": "AMZN", "price": 13, "at": "2026-01-02", "quote": {"bid": 3_000_000_000, "ask": 2.5}, "open": True},
]
QUOTE_COLUMNS = {
    "ticker": ("VARCHAR(4)", "$.ticker"),
    "price": ("DOUBLE", "$.price"),
    "COL_at": ("TIMESTAMP", "$.at"),
    "bid": ("BIGINT", "$.quote.bid"),
    "ask": ("DOUBLE", "$.quote.ask"),
    "tags": ("VARCHAR(16)", "$.tags"),
    "COL_open": ("BOOLEAN", "$.open"),
}


def of_records(*records: bytes | str) -> Discovery:
    """What these records show."""
    return discovered(Sample("sample", tuple(one.encode() if isinstance(one, str) else one for one in records)))


def of_content(tmp_path: Path, content: bytes | str, most: int = 1000) -> Discovery:
    """What a file with this content shows."""
    path = tmp_path / "sample"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return discovered(of_file(path, most))


def of_values(*values: Any) -> Discovery:
    """What a field x with these values shows."""
    return of_records(*(json.dumps({"x": one}) for one in values))


def columns(found: Discovery) -> dict[str, tuple[str, str]]:
    """The type and path of each column."""
    return {one.column.name: (one.column.type, one.column.mapping) for one in found.columns}


FORMS = {
    "JSON in lines": "\n".join(map(json.dumps, QUOTES)),
    "one after the other": "".join(map(json.dumps, QUOTES)),
    "over several lines": "\n".join(json.dumps(one, indent=2) for one in QUOTES),
    "with a mark of UTF-8": "\ufeff" + "\r\n".join(map(json.dumps, QUOTES)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_packed", [False, True])
def test_forms_of_json(form: str, is_packed: bool, tmp_path: Path) -> None:
    """JSON in lines, concatenated, pretty-printed; each also in gzip: two records with the same columns."""
    content = FORMS[form].encode()
    found = of_content(tmp_path, gzip.compress(content) if is_packed else content)
    assert (found.records, found.rows, found.unread, found.notes) == (2, 2, 0, ())
    assert (found.schema.format, found.schema.row_path) == ("JSON", "$")
    expected = {name: (kind, path) for name, (kind, path) in QUOTE_COLUMNS.items()}
    expected["tags"] = (columns(found)["tags"][0], "$.tags")  # as long as its text is written
    assert columns(found) == expected


def test_records_of_a_stream() -> None:
    """Several documents in a record, an aggregate, gzip, which is told; a text as long as it is written."""
    one, two = (json.dumps(quote) for quote in QUOTES)
    assert columns(of_records(one + two)) == QUOTE_COLUMNS
    aggregate = kpl.aggregate([kpl.Inner("a", one.encode()), kpl.Inner("b", two.encode())])
    assert columns(of_records(aggregate)) == QUOTE_COLUMNS
    packed = of_records(gzip.compress(one.encode()), two)
    assert columns(packed) == QUOTE_COLUMNS
    assert packed.notes == ("1 record of 2 (50%) came in gzip, which KDA read only behind a Lambda function (K44)",)


def test_an_answer_of_get_records(tmp_path: Path) -> None:
    """What `aws kinesis get-records` printed is taken for the records in it."""
    listed = [
        {"SequenceNumber": "1", "Data": base64.b64encode(json.dumps(one).encode()).decode(), "PartitionKey": "a"}
        for one in QUOTES
    ]
    found = of_content(tmp_path, json.dumps({"Records": listed, "MillisBehindLatest": 0}))
    assert (columns(found), found.records) == (QUOTE_COLUMNS, 2)


def test_an_array(tmp_path: Path) -> None:
    """Of an array at the top each object is a row, which is told; lines that are arrays are records."""
    found = of_content(tmp_path, json.dumps(QUOTES, indent=1))
    assert (found.schema.row_path, found.rows) == ("$[0:]", 2)
    assert {name: path for name, (_type, path) in columns(found).items()} == {
        name: path.replace("$", "$[0:]") for name, (_type, path) in QUOTE_COLUMNS.items()
    }
    assert found.notes == (
        "the sample is one array: each of its objects is a row; if the objects were records, the row path is $",
    )
    lines = of_content(tmp_path, f"{json.dumps(QUOTES)}\n{json.dumps(QUOTES)}\n[]\n")
    assert (lines.records, lines.rows, lines.unread, lines.schema.row_path) == (3, 4, 0, "$[0:]")


def test_rows_within_an_object() -> None:
    """An array of objects that is the record, or nearly all of it, gives the rows; fields beside it are in each."""
    alone = of_records(json.dumps({"data": {"rows": QUOTES}}), json.dumps({"data": {"rows": QUOTES[:1]}}))
    assert (alone.schema.row_path, alone.rows, alone.notes) == ("$.data.rows[0:]", 3, ())
    assert columns(alone) == {
        name: (kind, path.replace("$", "$.data.rows[0:]")) for name, (kind, path) in QUOTE_COLUMNS.items()
    }
    most = of_records(*(json.dumps({"ticker": "x", "o": {"n": 1, "a b": QUOTES * 3}}) for _ in range(2)))
    assert (most.schema.row_path, most.rows, most.notes) == ("$.o['a b'][0:]", 12, ())
    expected = {name: (kind, path.replace("$", "$.o['a b'][0:]")) for name, (kind, path) in QUOTE_COLUMNS.items()}
    expected["COL_o_ab_ticker"] = expected.pop("ticker")
    assert columns(most) == {"ticker": ("VARCHAR(4)", "$.ticker"), "n": ("INTEGER", "$.o.n"), **expected}
    assert most.columns[0].seen == 12
    order = of_records(json.dumps({"order": 7, "customer": "Bree Smith of Rotterdam", "items": [{"sku": 1}]}))
    assert order.schema.row_path == "$"
    assert columns(order)["items"] == ("VARCHAR(16)", "$.items")
    assert [one.doubt for one in order.doubts] == [
        "an array of objects becomes its text; with a row path to it, each object would be a row"
    ]


def test_what_is_beside_an_array_stays() -> None:
    """An array gives the rows only if nearly all of the record is in it, and in most records more than one object."""
    half = {"customer": "Bree Smith of Rotterdam", "city": "Rotterdam", "items": [{"sku": 1}, {"sku": 2}, {"sku": 3}]}
    single = {"id": 7, "items": [{"sku": "x" * 200}]}
    for record in (half, single):
        found = of_records(*[json.dumps(record)] * 3)
        assert found.schema.row_path == "$"
        assert set(columns(found)) == set(record)


def test_what_is_no_json(tmp_path: Path) -> None:
    """Lines that are cut off or hold something else are counted, and the first is shown; they take no other along."""
    lines = [json.dumps(one) for one in QUOTES]
    found = of_content(tmp_path, "\n".join([lines[0], '{"ticker": "A', lines[1], "[1]", lines[1]]))
    assert (found.records, found.rows, found.unread) == (5, 3, 2)
    assert found.notes == ('2 records of 5 (40%) are no JSON with objects at $; the first: \'{"ticker": "A\'',)


TYPES: Mapping[str, tuple[Sequence[Any], str]] = {
    "whole": ([1, -(2**31), 2**31 - 1], "INTEGER"),
    "above": ([1, 2**31], "BIGINT"),
    "below": ([-(2**31) - 1], "BIGINT"),
    "a fraction": ([1, 0.5], "DOUBLE"),
    "an exponent": ([1e30], "DOUBLE"),
    "above BIGINT": ([2**63], "VARCHAR(32)"),
    "yes and no": ([True, False, None], "BOOLEAN"),
    "four": (["abcd", "a"], "VARCHAR(4)"),
    "five": (["abcde"], "VARCHAR(8)"),
    "signs, not bytes": (["äöü€"], "VARCHAR(4)"),
    "longer than any": (["x" * 70_000], "VARCHAR(65535)"),
    "both forms of a time": (["2026-02-14", "2026-02-14 18:35:44.0"], "TIMESTAMP"),
    "no time": (["2026-02-30"], "VARCHAR(16)"),
    "an array": ([[1, {"a": 2}]], "VARCHAR(16)"),
    "nothing": ([None, None], "VARCHAR(64)"),
    "mixed": ([1, "abcdef"], "VARCHAR(8)"),
    "an object and a text": ([{"a": 1}, "b"], "VARCHAR(8)"),
    "empty objects": ([{}, {}], "VARCHAR(4)"),
    "empty texts": (["", ""], "VARCHAR(4)"),
}


@pytest.mark.parametrize("case", TYPES)
def test_types(case: str) -> None:
    """The type of a field from its values."""
    values, expected = TYPES[case]
    assert columns(of_values(*values)) == {"x": (expected, "$.x")}


DOUBTS: Mapping[str, tuple[Sequence[Any], str]] = {
    "nothing": ([None], "no row has a value: VARCHAR(64) is a guess"),
    "mixed": ([1, "a", "b", None], "mixed, so it is text: text in 2 rows (50%), integer in 1 row (25%)"),
    "above": ([2**63], "a whole number is above BIGINT: text keeps its digits, DOUBLE would not"),
    "long": (["x" * 70_000], "the longest has 70,000 characters: VARCHAR has at most 65,535, the rest is cut"),
    "objects": ([{}], "the objects are empty: their text is the column"),
    "texts": ([""], "all texts are empty: the length is a guess"),
    "a text that is no time": (
        ["2026-02-14", ""],
        "mixed, so it is text: timestamp in 1 row (50%), text in 1 row (50%)",
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_what_could_not_be_decided(case: str) -> None:
    """A column that is empty, mixed or too long is named, with the share of its rows."""
    values, expected = DOUBTS[case]
    assert [one.doubt for one in of_values(*values).doubts] == [expected]


def test_statistics() -> None:
    """Rows with and without a value, null or not there; what was met; the longest; the first example."""
    found = of_records('{"x": "ab"}', '{"x": null}', '{"y": 1.50}', '{"x": "a\\nb", "y": 2}')
    x, y = found.columns
    assert (x.seen, x.missing, x.met, x.longest, x.example) == (2, 2, {"text": 2}, 3, "ab")
    assert (y.seen, y.missing, y.met, y.longest, y.example) == (2, 2, {"number": 1, "integer": 1}, 4, "1.50")


NAMED = {
    "ticker": "ticker",
    "_id": "_id",
    "USER": "COL_USER",
    "timestamp": "COL_timestamp",
    "USER@DOMAIN": "COL_USERDOMAIN",
    "2times": "COL_2times",
    "@@": "COL_3",
    "": "COL_3",
    "x" * 100: "x" * 100,
    "x" * 101: "COL_" + "x" * 96,
}


@pytest.mark.parametrize("field", NAMED)
def test_names(field: str) -> None:
    """A reserved word, other characters, a digit at first, more than 100 characters: COL_ and what is left."""
    assert column_name(field, 3) == NAMED[field]


def test_reserved_words() -> None:
    """The list has the words that KDA's documentation names for it, each once, in order."""
    assert {"TIMESTAMP", "USER", "VALUES", "YEAR", "ROWTIME", "STREAM", "VALUE"} <= reserved()
    assert all(word == word.upper() for word in reserved())


def test_names_of_nested_fields() -> None:
    """The last field's name; where two have the same, with those before it; never twice."""
    assert names([("a", "id"), ("b", "id"), ("id",), ("x", "name")]) == ["a_id", "b_id", "id", "name"]
    assert names([("a@",), ("a#",), ("a", "id"), ("b", "id"), ("a_id",)]) == [
        "COL_a",
        "COL_a_2",
        "a_id",
        "b_id",
        "a_id_2",
    ]


def test_paths() -> None:
    """A name that is no word stands in brackets and quotes."""
    assert mapping(("quote", "bid")) == "$.quote.bid"
    assert mapping(("a.b", "it's", "")) == "$['a.b'][\"it's\"]['']"
    lost = of_records('{"a": 1, "\'\\"": 2}')
    assert columns(lost) == {"a": ("INTEGER", "$.a")}
    assert lost.notes == ("no path can name a field with both kinds of quotes, so it is no column: '\"",)


CSV = {
    "comma": ("1,a,2.5\n2,b,3\n", "\n", ","),
    "tab": ("1\ta\t2.5\r\n2\tb\t3\r\n", "\r\n", "\t"),
    "semicolon": ("1;a;2,5\n2;b;3,5\n3;c;1\n", "\n", ";"),
    "bar": ("1|a|2.5\n2|b|3", "\n", "|"),
    "quotes": ('1,"a, b",2.5\n2, "c",3\n', "\n", ","),
}


@pytest.mark.parametrize("case", CSV)
def test_delimiters(case: str, tmp_path: Path) -> None:
    """The delimiter of CSV is what parts nearly all rows into the same number of values."""
    content, row, column = CSV[case]
    found = of_content(tmp_path, content)
    assert (found.schema.format, found.schema.row_delimiter, found.schema.column_delimiter) == ("CSV", row, column)
    numbers = "VARCHAR(4)" if case == "semicolon" else "DOUBLE"
    text = "VARCHAR(4)"
    assert columns(found) == {"COL_0": ("INTEGER", ""), "COL_1": (text, ""), "COL_2": (numbers, "")}
    assert found.notes == ()


def test_records_of_csv() -> None:
    """Records with a row each or several; an empty value is missing; zeros before a number make it a text."""
    found = of_records("007,true,2026-01-02\n", "008,,2026-01-03\n009,FALSE,\n")
    assert (found.records, found.rows) == (2, 3)
    assert of_records('"name1", "address1"\n').columns[1].example == "address1"
    assert [one.column.type for one in found.columns] == ["VARCHAR(4)", "BOOLEAN", "TIMESTAMP"]
    assert [one.missing for one in found.columns] == [0, 1, 1]


def test_a_header_of_csv(tmp_path: Path) -> None:
    """A first row of names is not counted, and told, as KDA took it for data; without numbers below it is a row."""
    found = of_content(tmp_path, "id,year,name\n1,2026,a\n2,2027,b\n")
    assert columns(found) == {"id": ("INTEGER", ""), "COL_year": ("INTEGER", ""), "name": ("VARCHAR(4)", "")}
    assert found.rows == 2
    assert found.notes == (
        "the first row looks like a header: the names are taken from it, and it is not counted; KDA took such a row of "
        "a stream for data",
    )
    for rows in ("a,b\nc,d\n", "a,a\n1,2\n", "a,7\n1,2\n"):
        assert list(columns(of_content(tmp_path, rows))) == ["COL_0", "COL_1"]


def test_rows_that_are_odd(tmp_path: Path) -> None:
    """Rows of another length, and those that nothing parts, are told."""
    assert of_content(tmp_path, "1,2\n1,2\n1\n").notes == ("1 row of 3 (33%) has more or fewer than 2 values",)
    assert of_content(tmp_path, "GET /a\nGET /b\n").notes == (
        "no delimiter of comma, tab, semicolon or bar parts the rows: each is one column",
    )


@pytest.mark.parametrize("content", ["".join(f'{{"a": {n}}}\n' for n in range(20)), "1,2\n" * 20])
def test_no_more_than_asked(content: str, tmp_path: Path) -> None:
    """--records N looks at N records, and says that there are more."""
    found = of_content(tmp_path, content, most=5)
    assert found.rows == 5
    assert found.notes == ("the file has more than what was looked at: --records takes more",)


UNUSABLE = {
    "empty": (b" \n", "sample: the file is empty: give one with records."),
    "deep": (
        b"[" * 20_000 + b"]" * 20_000,
        "sample: of 1 record, 1 cannot be read: it is JSON that is nested too deeply.",
    ),
    "NaN": (
        b'{"a": NaN}\n{"a": 1, "b": -Infinity}\n',
        "sample: of 2 records, 2 cannot be read: it is JSON but for NaN, which no JSON has.",
    ),
    "bytes": (bytes(range(256)), "sample: the records are neither JSON nor text in UTF-8: KDA read only these."),
    "gzip": (gzip.compress(b"x" * 99)[:20], "sample: this is gzip that is damaged or cut off: give the whole file."),
    "numbers": (b"[1, 2]", "sample: no record has an object, which a row is made of: see what the records are."),
    "no fields": (b"{}", "sample: the objects have no fields: there is nothing to make columns of."),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_no_sample(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no sample gets one sentence, and exit code 2."""
    content, expected = UNUSABLE[case]
    monkeypatch.chdir(tmp_path)
    Path("sample").write_bytes(content)
    assert kda_main.main(["discover", "--file", "sample"]) == 2
    assert capsys.readouterr() == ("", f"{expected}\n")


def test_deep_json_is_refused() -> None:
    """Brackets that are too deep are no JSON here, and no crash."""
    with pytest.raises(ValueError, match="too deep"):
        json_parsed("[" * 100_000)
    found = of_records("[" * 100_000, *(['{"a": 1}'] * 2))
    assert (found.rows, found.unread) == (2, 1)


@pytest.mark.parametrize("content", [FORMS["JSON in lines"], json.dumps(QUOTES), "1;a\n2;b\n"])
def test_the_way_back(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What --json prints is read as the same schema, and --sql as the same columns, by the readers of applications."""
    path, written = tmp_path / "sample", tmp_path / "schema.json"
    path.write_text(content, encoding="utf-8")
    found = of_content(tmp_path, content)
    assert kda_main.main(["discover", "--file", str(path), "--json"]) == 0
    answer = capsys.readouterr().out
    written.write_text(answer, encoding="utf-8")
    assert schema(written) == found.schema
    assert set(json.loads(answer)) == {"InputSchema", "Statistics"}
    assert kda_main.main(["discover", "--file", str(path), "--sql"]) == 0
    program = parsed(Code.whole(File("a.sql", capsys.readouterr().out)))
    assert [name for name, _type in program.streams["SOURCE_SQL_STREAM_001"].columns] == [
        one.column.name for one in found.columns
    ]


def made_up(random: Random, depth: int = 0) -> Any:
    """A value of JSON."""
    match random.randrange(7 if depth < 3 else 5):
        case 0:
            return random.choice([None, True, 1, -(2**40), 2**70, 1.5])
        case 5:
            return [made_up(random, depth + 1) for _ in range(random.randrange(4))]
        case 6:
            names = ["a", "b", "USER", "a b", "", "1", "'", '"', "é", "a.b", "x" * 120]
            return {random.choice(names): made_up(random, depth + 1) for _ in range(random.randrange(5))}
    return random.choice(["", "a", "2026-01-01", "2026-01-01 10:00:00.5", "é😀", "x\ny", '"', "a,b", "x" * 200])


@pytest.mark.parametrize("seed", range(300))
def test_any_bytes(seed: int) -> None:
    """Whatever the records are: columns of other names each, whose schema the reader reads back, or one sentence."""
    random = Random(seed)
    documents = [json.dumps({"k": made_up(random)}, indent=random.choice([None, 1])) for _ in range(4)]
    content = bytearray(random.choice(["\n", "", ","]).join(documents).encode())
    for _ in range(random.choice([0, 0, 3])):
        content[random.randrange(len(content))] = random.choice(b'{}[]",:\n;\x00\xff1')
    try:
        found = discovered(Sample("sample", tuple(apart(bytes(content), 100))))
    except NoSample:
        return
    assert "\n".join(page(found))
    assert len(columns(found)) == len(found.columns)
    assert all(one.seen + one.missing == found.rows for one in found.columns)
    file = File("a.json", json.dumps(input_schema(found.schema)))
    root = of_kind(file, json_tree.parsed(file), Fields, "the schema")
    assert Configuration(file, written(file)).schema(root) == found.schema


def test_the_form_of_the_answer() -> None:
    """InputSchema has the fields of DiscoverInputSchema's answer, for JSON and for CSV."""
    assert input_schema(Schema((Column("a", "INTEGER", "$.a"),), "JSON", "$")) == {
        "RecordFormat": {
            "RecordFormatType": "JSON",
            "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}},
        },
        "RecordEncoding": "UTF-8",
        "RecordColumns": [{"Name": "a", "Mapping": "$.a", "SqlType": "INTEGER"}],
    }
    assert input_schema(Schema((Column("a", "INTEGER", ""),), "CSV", "", "\n", "|")) == {
        "RecordFormat": {
            "RecordFormatType": "CSV",
            "MappingParameters": {"CSVMappingParameters": {"RecordRowDelimiter": "\n", "RecordColumnDelimiter": "|"}},
        },
        "RecordEncoding": "UTF-8",
        "RecordColumns": [{"Name": "a", "SqlType": "INTEGER"}],
    }


def test_the_page() -> None:
    """A line per column; signs that would break it are escaped; CSV has no paths."""
    found = of_records('{"x": "a\\nb", "y": null}', '{"x": "c"}')
    assert list(page(found)) == [
        "sample: 2 records, 2 rows, 2 columns: JSON, row path $",
        "",
        "  COLUMN  TYPE         PATH  SEEN   MISSING  MET      LONGEST  EXAMPLE",
        "  x       VARCHAR(4)   $.x      2         0  text           3  a\\nb",
        "  y       VARCHAR(64)  $.y      0  2 (100%)  nothing        0",
        "",
        "Not decided:",
        "  y: no row has a value: VARCHAR(64) is a guess.",
        "",
        "Nothing was written. With --json this is KDA's InputSchema, with --sql a CREATE STREAM.",
    ]
    assert sql(found) == 'CREATE STREAM "SOURCE_SQL_STREAM_001" (\n    "x" VARCHAR(4),\n    "y" VARCHAR(64)\n);'
    assert next(page(of_records("1\t2\n"))) == (
        "sample: 1 record, 1 row, 2 columns: CSV, row delimiter \\n, column delimiter \\t"
    )


def test_the_capture_of_the_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/kda shows what the command prints for the sample that is there."""
    text = (paths.ROOT / "docs" / "kda" / "README.md").read_text(encoding="utf-8")
    ((command, shown),) = re.findall(r"^```\n\$ python -m kda (discover [^\n]*)\n(.*?)^```$", text, re.M | re.S)
    monkeypatch.chdir(paths.ROOT)
    assert kda_main.main(command.split()) == 0
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "give either --file or --stream"),
        (["--file", "a", "--stream", "b"], "give either --file or --stream"),
        (["--file", "a", "--json", "--sql"], "--json and --sql are two forms: leave one out"),
        (["--file", "a", "--records", "0"], "'0' is not a whole number from 1 to 100,000"),
        (["--stream", "a b"], "'a b' is not a stream name"),
    ],
)
def test_wrong_usage(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong command line has exit code 2 and a sentence."""
    assert kda_main.main(["discover", *arguments]) == 2
    assert expected in capsys.readouterr().err


class FakeClock(Clock):
    """A clock that moves only when somebody sleeps, and a little with each question."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class FakeKinesis:
    """Shards by name: their records, and whether they are open. Records come in pages of `page`."""

    def __init__(self, page: int, shards: Mapping[str, tuple[int, bool]]) -> None:
        self.page, self.shards = page, shards
        self.calls: list[tuple[str, int]] = []
        self.kinds: set[str] = set()

    def list_shards(self, **_request: str) -> dict[str, Any]:
        return {
            "Shards": [
                {"ShardId": name, "SequenceNumberRange": {} if is_open else {"EndingSequenceNumber": "9"}}
                for name, (_count, is_open) in self.shards.items()
            ]
        }

    def get_shard_iterator(self, **request: str) -> dict[str, Any]:
        self.kinds.add(request["ShardIteratorType"])
        return {"ShardIterator": f"{request['ShardId']}:0"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        shard, _, start = request["ShardIterator"].partition(":")
        count, is_open = self.shards[shard]
        self.calls.append((shard, request["Limit"]))
        end = min(int(start) + min(self.page, request["Limit"]), count)
        records = [
            {
                "SequenceNumber": str(number),
                "PartitionKey": "a",
                "ApproximateArrivalTimestamp": datetime(2026, 1, 2, tzinfo=UTC),
                "Data": f"{shard} {number}".encode(),
            }
            for number in range(int(start), end)
        ]
        following = None if end == count and not is_open else f"{shard}:{end}"
        return {"Records": records, "NextShardIterator": following, "MillisBehindLatest": 1 if end < count else 0}


def read_shards(kinesis: FakeKinesis, *, most: int, seconds: float, is_latest: bool = False) -> list[bytes]:
    """What is read of these shards."""
    client: Any = kinesis
    return sample(client, Reading("clicks", most, seconds, is_latest), FakeClock())


def test_each_shard_is_read() -> None:
    """At most N records of each shard, closed ones too, in turn; an empty shard ends the reading of it."""
    kinesis = FakeKinesis(2, {"a": (9, True), "b": (3, False), "c": (0, True)})
    assert read_shards(kinesis, most=5, seconds=60) == [
        *(b"a 0", b"a 1", b"a 2", b"a 3", b"a 4"),
        *(b"b 0", b"b 1", b"b 2"),
    ]
    assert kinesis.calls == [("a", 5), ("b", 5), ("c", 5), ("a", 3), ("b", 3), ("a", 1)]
    assert kinesis.kinds == {"TRIM_HORIZON"}


def test_reading_has_an_end() -> None:
    """From now on: only open shards, for as long as it may, without a call more than five a second and shard."""
    kinesis = FakeKinesis(2, {"a": (0, True), "b": (3, False)})
    assert read_shards(kinesis, most=5, seconds=2, is_latest=True) == []
    assert kinesis.calls == [("a", 5)] * 8
    assert kinesis.kinds == {"LATEST"}
    slow = FakeKinesis(1, {"a": (1000, True)})
    assert len(read_shards(slow, most=1000, seconds=2.1)) == 10


def test_a_stream_of_the_emulator(
    aws: emulator.Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Records of four shards are read through the API; a stream that has none, and one that is not there, are told."""
    for name, value in emulator.child(aws.environment).items():
        monkeypatch.setenv(name, value)
    kinesis = resources.clients(aws.environment)[0]
    for name, shards in (("kda-discover", 4), ("kda-discover-empty", 1)):
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    records: Any = [{"Data": json.dumps(QUOTES[n % 2]).encode(), "PartitionKey": str(n)} for n in range(40)]
    kinesis.put_records(StreamName="kda-discover", Records=records)
    assert kda_main.main(["discover", "--stream", "kda-discover", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["Statistics"]["Rows"] == 40
    found = {one["Name"]: (one["SqlType"], one["Mapping"]) for one in answer["InputSchema"]["RecordColumns"]}
    assert found == QUOTE_COLUMNS
    assert kda_main.main(["discover", "--stream", "kda-discover", "--records", "2", "--json"]) == 0
    assert 2 <= json.loads(capsys.readouterr().out)["Statistics"]["Rows"] <= 8
    assert kda_main.main(["discover", "--stream", "kda-discover-empty", "--start", "LATEST", "--seconds", "0.5"]) == 2
    assert capsys.readouterr().err == (
        "Stream kda-discover-empty: no record came in 0.5 s: raise --seconds, or use --start TRIM_HORIZON.\n"
    )
    assert kda_main.main(["discover", "--stream", "kda-nowhere"]) == 1
    assert re.fullmatch(
        r"Stream kda-nowhere in us-east-1 at http\S+ .*: create it, or check --stream, --region and --endpoint\.\n",
        capsys.readouterr().err,
    )
