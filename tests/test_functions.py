"""json_record and shard_watermark through SQL, and json_record against a second implementation in Python."""

import base64
import json
import math
import random
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from java import FUNCTIONS, build, paths
from java.build import CompileError, compile_functions
from tests.sql import here

ROOT = Path(__file__).parent.parent
COLUMNS = "s STRING NOT NULL, d DOUBLE, i INT, b BIGINT, f BOOLEAN, n DECIMAL(5, 2), t TIMESTAMP(3)"
NAMES = ["s", "d", "i", "b", "f", "n", "t"]

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (TIMESTAMP has no time zone)

Verdict = tuple[str | None, dict[str, Any]]
"""An error and the columns that are not NULL."""


# --- What the tests run on ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def ecj() -> Path:
    jar = ROOT / ".cache" / "jars" / "ecj-3.40.0.jar"
    if not jar.exists():
        pytest.fail(f"{jar.relative_to(ROOT)} is missing: run the project's set-up first")
    return jar


@pytest.fixture(scope="session")
def jar(ecj: Path) -> Path:
    """The jar that the set-up has compiled, or would compile now."""
    return compile_functions(ecj, paths.FUNCTIONS)


@pytest.fixture(scope="session")
def env(jvm: Path) -> Any:  # noqa: ARG001 (it prepares the JVM, with the functions on its class path)
    """One streaming environment with both functions; starting a JVM takes longer than all tests of a rule."""
    from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: PLC0415 (starts a JVM)

    env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for option, value in {
        **here(),
        "parallelism.default": "1",
        "pipeline.object-reuse": "true",
        "pipeline.auto-watermark-interval": "1 ms",  # so each record sees the watermark of the record before
        "table.local-time-zone": "UTC",
    }.items():
        env.get_config().set(option, value)
    for name, class_name in FUNCTIONS.items():
        env.execute_sql(f"CREATE TEMPORARY FUNCTION {name} AS '{class_name}' LANGUAGE JAVA")
    return env


@pytest.fixture(scope="session")
def query(env: Any) -> Callable[[str], list[tuple[Any, ...]]]:
    def run(sql: str) -> list[tuple[Any, ...]]:
        with env.execute_sql(sql).collect() as rows:
            return [tuple(row) for row in rows]

    return run


@pytest.fixture(scope="session")
def read(env: Any, query: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[tuple[Any, ...]]]:
    """Lines -> (error, message, columns...) of each, in one query."""

    def run(lines: Iterable[bytes | None], columns: str = COLUMNS, names: list[str] = NAMES) -> list[Any]:
        file = tmp_path_factory.mktemp("lines") / "lines.json"
        texts = [None if line is None else base64.b64encode(line).decode() for line in lines]
        file.write_text("".join(json.dumps({"k": k, "line": text}) + "\n" for k, text in enumerate(texts)))
        env.execute_sql("DROP TEMPORARY TABLE IF EXISTS numbered_lines")
        env.execute_sql(
            "CREATE TEMPORARY TABLE numbered_lines (k INT, line BYTES) "
            f"WITH ('connector' = 'filesystem', 'path' = '{file.as_uri()}', 'format' = 'json')"
        )
        # PyFlink cannot carry every timestamp to Python, so timestamps are cast to text.
        fields = ", ".join(f"CAST(r.`{n}` AS STRING)" if n == "t" else f"r.`{n}`" for n in ["error", "message", *names])
        rows = query(
            f"SELECT k, {fields} FROM (SELECT k, json_record(line, '{columns}') r FROM numbered_lines)"  # noqa: S608
        )
        assert [row[0] for row in rows] == list(range(len(texts)))
        return [row[1:] for row in rows]

    return run


@pytest.fixture(scope="session")
def direct(env: Any) -> tuple[Callable[[str], Any], Any]:  # noqa: ARG001 (it starts the JVM)
    """A factory of functions by their SQL names, and Flink's package of internal data types."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    jvm: Any = get_gateway().jvm
    loader = jvm.Thread.currentThread().getContextClassLoader()
    return lambda name: loader.loadClass(FUNCTIONS[name]).newInstance(), jvm.org.apache.flink.table.data


# --- json_record, rule by rule --------------------------------------------------------------------

PARSE: Verdict = ("PARSE", {})
NESTED = '{"s": "x", "z": ' + "[" * 999 + "]" * 999 + "}"
DIGITS = "1" * 1000


def good(**values: Any) -> Verdict:
    return None, {"s": "x", **values}


def bad(**values: Any) -> Verdict:
    return "COERCION", {"s": "x", **values}


def instant(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 (TIMESTAMP has no time zone)


SECOND = instant(2026, 11, 22, 6, 0, 1)
CASES: list[tuple[str, bytes | str | None, Verdict]] = [
    # not exactly one JSON object in UTF-8
    ("null", None, PARSE),
    ("empty", b"", PARSE),
    ("blank", b" \t\r\n", PARSE),
    ("not json", "not json", PARSE),
    ("array", '[{"s": "x"}]', PARSE),
    ("number", "1", PARSE),
    ("string", '"s"', PARSE),
    ("json null", "null", PARSE),
    ("cut off", '{"s": "x"', PARSE),
    ("cut off in a string", '{"s": "x', PARSE),
    ("second object", '{"s": "x"}{"s": "y"}', PARSE),
    ("text after", '{"s": "x"} y', PARSE),
    ("brace after", '{"s": "x"}}', PARSE),
    ("zero byte after", b'{"s": "x"}\0', PARSE),
    ("space around", ' \t\r\n{"s": "x"} \t\r\n', good()),
    ("trailing comma", '{"s": "x",}', PARSE),
    ("single quotes", "{'s': 'x'}", PARSE),
    ("comment", '{"s": "x" /* y */}', PARSE),
    ("raw control character", '{"s": "a\tb"}', PARSE),
    ("unknown escape", r'{"s": "\x41"}', PARSE),
    ("NaN", '{"s": "x", "d": NaN}', PARSE),
    ("NaN in another key", '{"s": "x", "z": NaN}', PARSE),
    ("Infinity", '{"s": "x", "d": -Infinity}', PARSE),
    ("leading zero", '{"s": "x", "i": 01}', PARSE),
    ("plus", '{"s": "x", "i": +1}', PARSE),
    ("point without digit", '{"s": "x", "d": 1.}', PARSE),
    ("hexadecimal", '{"s": "x", "i": 0x1}', PARSE),
    ("byte order mark", b'\xef\xbb\xbf{"s": "x"}', PARSE),
    ("utf-16", '{"s": "x"}'.encode("utf-16"), PARSE),
    ("utf-16 without mark", '{"s": "x"}'.encode("utf-16-le"), PARSE),
    ("utf-32 without mark", '{"s": "x"}'.encode("utf-32-be"), PARSE),
    ("latin-1", '{"s": "é"}'.encode("latin-1"), PARSE),
    ("overlong", b'{"s": "\xc0\xaf"}', PARSE),
    ("overlong in another key", b'{"s": "x", "z": "\xe0\x80\xaf"}', PARSE),
    ("surrogate in utf-8", b'{"s": "\xed\xa0\x80"}', PARSE),
    ("pair of surrogates in utf-8", b'{"s": "\xed\xa0\xbd\xed\xb8\x80"}', PARSE),
    ("beyond unicode", b'{"s": "\xf4\x90\x80\x80"}', PARSE),
    ("cut off in a character", b'{"s": "x"}\xc3', PARSE),
    ("parse before coercion", '{"s": 1, "i": "x"', PARSE),
    ("nested 1000 deep", NESTED, good()),
    ("nested 1001 deep", NESTED.replace("[]", "[[]]"), PARSE),
    ("number of 1000 digits", f'{{"s": "x", "z": {DIGITS}}}', good()),
    ("number of 1001 digits", f'{{"s": "x", "z": {DIGITS}1}}', PARSE),
    ("key of 50000", f'{{"s": "x", "{"k" * 50_000}": 1}}', good()),
    ("key of 50001", f'{{"s": "x", "{"k" * 50_001}": 1}}', PARSE),
    ("record of 20 MB", b'{"s": "x"}'.ljust(20_000_000), good()),
    ("record of over 20 MB", b'{"s": "x"}'.ljust(20_000_001), PARSE),
    # which columns
    ("required column alone", '{"s": "x"}', good()),
    ("required column missing", '{"i": 1}', ("COERCION", {"i": 1})),
    ("required column null", '{"s": null, "i": 1}', ("COERCION", {"i": 1})),
    ("wrong case", '{"S": "x"}', ("COERCION", {})),
    ("no key", "{}", ("COERCION", {})),
    ("optional columns null", '{"s": "x", "d": null, "i": null, "f": null, "n": null, "t": null}', good()),
    ("other keys", '{"z": {"s": 1, "s": [2]}, "s": "x", "y": 1e999, "z": "\\ud800", "error": "E"}', good()),
    ("nested same key", '{"z": {"s": "y"}, "s": "x", "a": [{"i": "q"}]}', good()),
    ("twice", '{"s": "x", "i": 1, "i": 1}', bad()),
    ("twice, null first", '{"s": "x", "i": null, "i": 1}', bad()),
    ("twice, required", '{"s": "x", "s": "y", "i": 1}', ("COERCION", {"i": 1})),
    ("escaped key", r'{"\u0073": "x"}', good()),
    ("twice, escaped", r'{"s": "x", "\u0073": "y"}', ("COERCION", {})),
    # STRING
    ("string number", '{"s": 1}', ("COERCION", {})),
    ("string object", '{"s": {"s": "x"}, "i": 1}', ("COERCION", {"i": 1})),
    ("string empty", '{"s": ""}', (None, {"s": ""})),
    ("string escapes", r'{"s": "\"\\\/\b\f\n\r\t\u00e9\u0000"}', (None, {"s": '"\\/\b\f\n\r\té\0'})),
    ("string unicode", '{"s": "é 日本 🦄"}', (None, {"s": "é 日本 🦄"})),
    ("string escaped pair", r'{"s": "\ud83e\udd84"}', (None, {"s": "🦄"})),
    ("string half a pair", r'{"s": "\ud83e"}', ("COERCION", {})),
    ("string pair reversed", r'{"s": "\udd84\ud83e"}', ("COERCION", {})),
    # DOUBLE
    ("double", '{"s": "x", "d": 29.5}', good(d=29.5)),
    ("double integer", '{"s": "x", "d": 29}', good(d=29.0)),
    ("double large integer", f'{{"s": "x", "d": {10**30}}}', good(d=1e30)),
    ("double exponent", '{"s": "x", "d": -1.5E+3}', good(d=-1500.0)),
    ("double rounding", '{"s": "x", "d": 0.1000000000000000055511151231257827}', good(d=0.1)),
    ("double smallest", '{"s": "x", "d": 5e-324}', good(d=5e-324)),
    ("double to zero", '{"s": "x", "d": 1e-400}', good(d=0.0)),
    ("double infinite", '{"s": "x", "d": 1e400}', bad()),
    ("double string", '{"s": "x", "d": "29.5"}', bad()),
    ("double boolean", '{"s": "x", "d": true}', bad()),
    ("double array", '{"s": "x", "d": [1]}', bad()),
    # INT and BIGINT
    ("int", '{"s": "x", "i": 2147483647, "b": 9223372036854775807}', good(i=2**31 - 1, b=2**63 - 1)),
    ("int least", '{"s": "x", "i": -2147483648, "b": -9223372036854775808}', good(i=-(2**31), b=-(2**63))),
    ("int too large", '{"s": "x", "i": 2147483648}', bad()),
    ("int too small", '{"s": "x", "i": -2147483649}', bad()),
    ("bigint too large", '{"s": "x", "b": 9223372036854775808}', bad()),
    ("int fraction", '{"s": "x", "i": 1.0}', bad()),
    ("int exponent", '{"s": "x", "i": 1e2}', bad()),
    ("int minus zero", '{"s": "x", "i": -0}', good(i=0)),
    ("int string", '{"s": "x", "i": "1"}', bad()),
    ("bigint fraction", '{"s": "x", "b": 1.0}', bad()),
    # BOOLEAN
    ("boolean", '{"s": "x", "f": true}', good(f=True)),
    ("boolean false", '{"s": "x", "f": false}', good(f=False)),
    ("boolean number", '{"s": "x", "f": 1}', bad()),
    ("boolean string", '{"s": "x", "f": "true"}', bad()),
    # DECIMAL(5, 2)
    ("decimal", '{"s": "x", "n": 123.45}', good(n=Decimal("123.45"))),
    ("decimal padded", '{"s": "x", "n": 1.5}', good(n=Decimal("1.50"))),
    ("decimal zeros", '{"s": "x", "n": 1.5000}', good(n=Decimal("1.50"))),
    ("decimal exponent", '{"s": "x", "n": 1.5e2}', good(n=Decimal("150.00"))),
    ("decimal zero", '{"s": "x", "n": 0e9}', good(n=Decimal("0.00"))),
    ("decimal negative", '{"s": "x", "n": -999.99}', good(n=Decimal("-999.99"))),
    ("decimal not rounded", '{"s": "x", "n": 1.005}', bad()),
    ("decimal too large", '{"s": "x", "n": 1000}', bad()),
    ("decimal huge", '{"s": "x", "n": 1e2147483647}', bad()),
    ("decimal tiny", '{"s": "x", "n": 1e-2147483647}', bad()),
    ("decimal beyond", '{"s": "x", "n": 1e99999999999}', bad()),
    ("decimal string", '{"s": "x", "n": "1.5"}', bad()),
    # TIMESTAMP(3)
    ("time", '{"s": "x", "t": "2026-11-22 06:00:01.234"}', good(t=SECOND + timedelta(milliseconds=234))),
    ("time, whole", '{"s": "x", "t": "2026-11-22 23:59:59"}', good(t=instant(2026, 11, 22, 23, 59, 59))),
    ("tenths", '{"s": "x", "t": "2026-11-22 06:00:01.2"}', good(t=SECOND + timedelta(milliseconds=200))),
    ("hundredths", '{"s": "x", "t": "2026-11-22 06:00:01.02"}', good(t=SECOND + timedelta(milliseconds=20))),
    ("time, leap day", '{"s": "x", "t": "2024-02-29 00:00:00"}', good(t=instant(2024, 2, 29))),
    ("time, year 1", '{"s": "x", "t": "0001-01-01 00:00:00"}', good(t=instant(1, 1, 1))),
    ("time, year 9999", '{"s": "x", "t": "9999-12-31 23:59:59"}', good(t=instant(9999, 12, 31, 23, 59, 59))),
    *(
        (f"time {text!r}", json.dumps({"s": "x", "t": text}), bad())
        for text in [
            "", "yesterday", "2026-11-22", "2026-11-22T06:00:00", "2026-11-22 06:00", "2026-11-22 06:00:00.",
            "2026-11-22 06:00:00.1234", "2026-11-22 06:00:00Z", " 2026-11-22 06:00:00", "2026-11-22 06:00 AM",
            "2026-11-22 06:00:00,123", "2026-1-22 06:00:00.0", "2025-02-29 00:00:00", "2026-04-31 00:00:00",
            "2026-00-01 00:00:00", "2026-13-01 00:00:00", "2026-01-00 00:00:00", "0000-01-01 00:00:00",
            "2026-11-22 24:00:00", "2026-11-22 06:60:00", "2026-11-22 06:00:60", "-026-11-22 06:00:00",
            "+026-11-22 06:00:00", "2026-11-22 06:00:+1", "２０２６-11-22 06:00:00", "2026-11-22 06:00:0٣",
        ]
    ),
    ("time number", '{"s": "x", "t": 1795327200000}', bad()),
]  # fmt: skip


@pytest.fixture(scope="session")
def verdicts(read: Any) -> dict[str, tuple[Any, ...]]:
    lines = [line.encode() if isinstance(line, str) else line for _, line, _ in CASES]
    return dict(zip((case[0] for case in CASES), read(lines), strict=True))


def verdict(row: tuple[Any, ...]) -> Verdict:
    values = dict(zip(NAMES, row[2:], strict=True))
    if isinstance(values["t"], str):
        values["t"] = datetime.fromisoformat(values["t"])
    return row[0], {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(("name", "expected"), [pytest.param(c[0], c[2], id=c[0]) for c in CASES])
def test_each_record_is_good_or_parse_or_coercion(
    verdicts: dict[str, tuple[Any, ...]], name: str, expected: Verdict
) -> None:
    """A line gives exactly this error and these columns."""
    assert verdict(verdicts[name]) == expected


def test_every_rejected_record_says_why_in_one_short_line(verdicts: dict[str, tuple[Any, ...]]) -> None:
    """error and message are NULL together; a message is one printable line of at most 200 characters."""
    for row in verdicts.values():
        assert (row[0] is None) == (row[1] is None)
        if row[1] is not None:
            assert row[1].isprintable()
            assert row[1].endswith(".")
            assert len(row[1]) <= 200


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"i": 1.5}', "s is missing, expected STRING."),
        ('{"s": null}', "s is null, expected STRING."),
        ('{"s": "x", "t": 1, "d": "far"}', 'd is "far", expected DOUBLE.'),
        ('{"s": "x", "t": "now"}', 't is "now", expected TIMESTAMP(3) as yyyy-MM-dd HH:mm:ss[.SSS].'),
        ('{"s": "x", "i": 1, "i": "y"}', "i is there twice, expected INT."),
        ('{"s": "x", "f": {"a": 1}}', "f is {…, expected BOOLEAN."),
        ('{"s": "x", "n": [1.005]}', "n is […, expected DECIMAL(5, 2)."),
        (r'{"s": "x", "d": "a\nb\u2028\ud800"}', r'd is "a\nb\u2028\uD800", expected DOUBLE.'),
        ('{"s": "x", "d": "' + "y" * 99 + '"}', f'd is "{"y" * 32}…", expected DOUBLE.'),
        ('{"s": "x"\n,, "i": 1}', "The record is not JSON at line: 2, column: 2."),
        (b'{"s": "\xff"}', "The record is not UTF-8 after byte 7."),
        ("[]", "The record is not a JSON object."),
    ],
)
def test_the_message_names_the_first_bad_column_as_declared(java_record: Any, line: Any, message: str) -> None:
    """The first bad column in the order of the declaration is named; a PARSE message has no text of the record."""
    assert java_record(line.encode() if isinstance(line, str) else line)[1] == message


def test_a_literal_may_quote_names_and_space_freely(read: Any) -> None:
    """Names may be in backticks, keywords in any case, and space anywhere."""
    (row,) = read([b'{"na me": "x", "v_1": 2}'], "\n `na me`  string  not  null,v_1 int\n", ["na me", "v_1"])
    assert row == (None, None, "x", 2)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("json_record(x'20', 'a DATE')", "and TIMESTAMP(3) columns, not: a DATE"),
        ("json_record(x'20', 'a TIMESTAMP(6)')", "not: a TIMESTAMP(6)"),
        ("json_record(x'20', 'a VARCHAR(3)')", "not: a VARCHAR(3)"),
        ("json_record(x'20', 'a ROW<b INT>')", "not: a ROW<b INT>"),
        ("json_record(x'20', 'a INT, b')", "not: a INT, b"),
        ("json_record(x'20', 'a INT,')", "not: a INT,"),
        ("json_record(x'20', 'a INT> NOT NULL')", "not: a INT> NOT NULL"),
        ("json_record(x'20', '')", "json_record takes a literal"),
        ("json_record(x'20', CAST(NULL AS STRING))", "not: no literal"),
        ("json_record(x'20', c)", "not: no literal"),
        ("json_record(x'20', 'a INT, a INT')", "Field names must be unique. Found duplicates: [a]"),
        ("json_record(x'20', 'error INT')", "Field names must be unique. Found duplicates: [error]"),
        ("json_record(x'20', 'a DECIMAL(39, 2)')", "Decimal precision must be between 1 and 38"),
        ("json_record('text', 'a INT')", "Expected type 'BYTES' but actual type was 'CHAR(4) NOT NULL'"),
        ("json_record(x'20')", "No match found for function signature json_record"),
        (
            "shard_watermark(t, 'a', 5000)",
            "function 'default_catalog.default_database.shard_watermark'",
        ),
        (
            "shard_watermark(t, 'a', INTERVAL '1' MONTH)",
            "INTERVAL SECOND(3)",
        ),
        (
            "shard_watermark('x', 'a', INTERVAL '1' DAY)",
            "TIMESTAMP(3) expected",
        ),
        ("shard_watermark(t, 'a')", "No match found for function signature shard_watermark"),
    ],
)
def test_wrong_calls_are_refused_when_planned(env: Any, call: str, sentence: str) -> None:
    """A wrong call is a ValidationException with one sentence, before the query runs."""
    with pytest.raises(Exception, match=r"ValidationException[\s\S]*" + re.escape(sentence)):
        env.sql_query(f"SELECT {call} FROM (VALUES ('a INT', TIMESTAMP '2026-01-01 00:00:00')) AS v (c, t)")  # noqa: S608


# --- json_record against a second opinion ---------------------------------------------------------


class Number(str):
    """A JSON number in its original notation."""

    __slots__ = ()


class Pairs(list[Any]):
    """The keys and values of a JSON object, duplicates included."""


def not_json(text: str) -> Any:
    raise ValueError(text)


def number(text: str) -> Number:
    return Number(text) if len(text) <= 1000 else not_json(text)


def judge(line: bytes) -> Verdict:
    """The rules of json_record for COLUMNS, implemented a second time."""
    try:
        text = line.decode()
        pairs = json.loads(text, object_pairs_hook=Pairs, parse_constant=not_json, parse_int=number, parse_float=number)
    except ValueError:
        return PARSE
    if not isinstance(pairs, Pairs):
        return PARSE
    values: dict[str, Any] = {}
    faults = 0
    for name in NAMES:
        found = [value for key, value in pairs if key == name]
        if len(found) == 1 and found[0] is not None:
            value = JUDGES[name](found[0])
            faults += value is None
            values |= {} if value is None else {name: value}
        else:
            faults += len(found) > 1 or name == "s"
    return "COERCION" if faults else None, values


def judge_string(value: Any) -> str | None:
    if not isinstance(value, str) or isinstance(value, Number):
        return None
    return None if any("\ud800" <= c <= "\udfff" for c in value) else value


def judge_double(value: Any) -> float | None:
    return float(value) if isinstance(value, Number) and math.isfinite(float(value)) else None


def judge_integer(bits: int) -> Callable[[Any], int | None]:
    def judge_value(value: Any) -> int | None:
        if not isinstance(value, Number) or not re.fullmatch(r"-?[0-9]+", value):
            return None
        return int(value) if -(2 ** (bits - 1)) <= int(value) < 2 ** (bits - 1) else None

    return judge_value


def judge_decimal(value: Any) -> Decimal | None:
    if not isinstance(value, Number) or abs(int([*re.split("[eE]", value), "0"][1])) >= 2**31:
        return None
    cents = Decimal(value).scaleb(2) if Decimal(value).adjusted() < 10 else Decimal(10**9)
    if Decimal(value) == 0:
        return Decimal("0.00")
    if Decimal(value).adjusted() < -2 or cents != cents.to_integral_value() or abs(cents) > 99_999:
        return None
    return Decimal(value).quantize(Decimal("0.01"))


def judge_time(value: Any) -> datetime | None:
    shape = r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,3}))?"
    match = re.fullmatch(shape, value) if isinstance(value, str) and not isinstance(value, Number) else None
    if not match:
        return None
    *parts, fraction = match.groups(default="")
    try:
        return instant(*map(int, parts), int(fraction.ljust(6, "0")))
    except ValueError:
        return None


JUDGES: dict[str, Callable[[Any], Any]] = {
    "s": judge_string,
    "d": judge_double,
    "i": judge_integer(32),
    "b": judge_integer(64),
    "f": lambda value: value if isinstance(value, bool) else None,
    "n": judge_decimal,
    "t": judge_time,
}


@pytest.fixture(scope="session")
def java_record(direct: tuple[Any, Any]) -> Callable[[bytes], tuple[Any, ...]]:
    """json_record called directly: (error, message, columns...), far faster than a query per line."""
    instance, data = direct
    function = instance("json_record")
    columns = data.StringData.fromString(COLUMNS)

    def run(line: bytes) -> tuple[Any, ...]:
        row = function.eval(line, columns)
        fields = [row.getField(i) for i in range(2 + len(NAMES))]
        strings = [None if field is None else field.toString() for field in fields[:3]]
        decimal = None if fields[7] is None else fields[7].toBigDecimal()
        time = None if fields[8] is None else EPOCH + timedelta(milliseconds=fields[8].getMillisecond())
        return (*strings, *fields[3:7], decimal, time)

    return run


def valid_record(dice: random.Random) -> bytes:
    record = {
        "s": dice.choice(["Shadowfax", "é日本🦄", "", 'a"b\\c\n', "\x7f\u2028"]),
        "d": dice.uniform(-1e3, 1e3) * 10.0 ** dice.randint(-300, 300),
        "i": dice.randint(-(2**31), 2**31 - 1),
        "b": dice.randint(-(2**63), 2**63 - 1),
        "f": dice.random() < 0.5,
        "n": dice.randint(-99999, 99999) / 100,
        "t": str(instant(1, 1, 1) + timedelta(milliseconds=dice.randrange(315_537_897_600_000)))[:23],
        "z": {"s": [1, {"s": None}]},
    }
    keys = dice.sample(sorted(record), dice.randint(5, 8))
    return json.dumps({key: record[key] for key in keys}, ensure_ascii=dice.random() < 0.5).encode()


PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"0",
    b"9",
    b"-",
    b".",
    b"e",
    b" ",
    b"\n",
    b"\0",
    b"\xff",
]
PIECES += [
    b"null",
    b"true",
    b"\\u0073",
    b"\\ud83d",
    b"\\ude00",
    b"\xed\xa0\x80",
    b'"s":1,',
    b"\xc3\xa9",
    b"1e400",
]


def mutated(dice: random.Random) -> bytes:
    line = bytearray(valid_record(dice))
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(line) + 1)
        line[at : at + dice.randint(0, 2)] = dice.choice([*PIECES, bytes([dice.randrange(256)])])
    return bytes(line)


def odd(dice: random.Random, depth: int = 0) -> str:
    """A JSON value, mostly a scalar close to the limits of a type."""
    digits = "".join(dice.choices("0123456789", k=dice.choice([1, 2, 3, 9, 10, 11, 18, 19, 20, 40])))
    whole = dice.choice(["", "-"]) + (digits.lstrip("0") or "0")
    if depth < 3 and dice.random() < 0.15:
        return "[" + ",".join(odd(dice, depth + 1) for _ in range(dice.randrange(3))) + "]"
    if depth < 3 and dice.random() < 0.15:
        return document(dice, depth + 1)
    escape = "".join(dice.choice(["\\u%04x", "\\u%04X"]) % dice.choice([0x73, 0xD83D, 0xDE00, 0, 0x2028]) for _ in "ab")
    edge = dice.choice([2**31, 2**63, 1000, 100]) * dice.choice([1, -1]) + dice.randint(-1, 1)
    moment = str(instant(2026, 1, 1) + timedelta(milliseconds=dice.randrange(10**11)))[: dice.choice([19, 21, 22, 23])]
    other = dice.choice(["00", "29", "30", "31", "60", "99"])
    return dice.choice([
        whole, str(edge), f"{whole}.{digits}", f"{edge}.{digits[:2]}", f"{whole}e{dice.randint(-400, 400)}",
        f"{whole[:3]}.{digits[:3]}E+{dice.randint(0, 5)}", "null", "true", "false", '"s"', f'"{escape}"',
        f'"{moment}"', f'"{moment[:8]}{other}{moment[10:]}"', f'"{moment[:5]}{other}{moment[7:]}"',
        f'"{moment[:17]}{other}{moment[19:]}"', f'"{moment}\\u0030"', '"1.5"', '"\\ud83d\\ude00"',
    ])  # fmt: skip


def document(dice: random.Random, depth: int = 0) -> str:
    keys = dice.choices([*NAMES, "S", "z", "\\u0073", "\\u0064", "", "error"], k=dice.randint(0, 9))
    space = dice.choice(["", " ", "\n\t", "\r\n"])
    pairs = (f'"{key}"{space}:{space}{odd(dice, depth)}' for key in keys)
    return space + "{" + f"{space},{space}".join(pairs) + space + "}" + space


LINES = {
    "valid": st.randoms(use_true_random=False).map(valid_record),
    "mutated": st.randoms(use_true_random=False).map(mutated),
    "documents": st.randoms(use_true_random=False).map(lambda dice: document(dice).encode()),
    "bytes": st.binary(max_size=60),
    "bytes in a string": st.binary(max_size=8).map(lambda noise: b'{"s": "' + noise + b'"}'),
    "text in a string": st.text(max_size=20).map(lambda text: json.dumps({"s": text}, ensure_ascii=False).encode()),
}


def seeded(kind: str, count: int) -> Iterator[bytes]:
    dice = random.Random(kind)
    make: dict[str, Callable[[random.Random], bytes]]
    make = {"valid": valid_record, "mutated": mutated, "documents": lambda d: document(d).encode()}
    for _ in range(count):
        yield make[kind](dice) if kind in make else dice.randbytes(dice.randrange(40))


def exactly(result: Verdict) -> str:
    """A text in which -0.0 differs from 0.0, and 1 from True."""
    return repr((result[0], sorted(result[1].items())))


@pytest.mark.parametrize("kind", LINES)
def test_any_line_gets_the_verdict_of_a_second_implementation(java_record: Any, kind: str) -> None:
    """For lines from hypothesis, error and columns equal the second implementation's, without an exception."""

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(LINES[kind])
    def check(line: bytes) -> None:
        assert exactly(verdict(java_record(line))) == exactly(judge(line))

    check()


@pytest.fixture(scope="session")
def readers(direct: tuple[Any, Any]) -> tuple[Any, Any]:  # noqa: ARG001 (it starts the JVM)
    """The reader of plain records over their bytes, NULL for all others, and the reader of JSON for any line."""
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 (starts a JVM)

    java = get_gateway().jvm.streaming.RecordReader
    reader = java.using(COLUMNS, java.factory())
    return reader.plain, reader.parsed


@pytest.mark.parametrize("kind", LINES)
def test_a_plain_record_has_the_row_that_the_parser_of_json_makes(readers: tuple[Any, Any], kind: str) -> None:
    """Whatever the short way takes, the long way takes too, with the same values; most of what is good is plain."""
    plain, parsed = readers
    taken = good = 0

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(LINES[kind])
    def check(line: bytes) -> None:
        nonlocal taken, good
        short, long = plain(line), parsed(line)
        assert short is None or short.equals(long), line
        taken += short is not None
        good += long.isNullAt(0)

    check()
    assert taken <= good
    assert kind != "valid" or taken > good / 4 > 10


PLAIN = (
    b'{"s": "Shadowfax", "d": 1.5, "i": -7, "b": 12, "f": true, "n": 1.25, "t": "2026-11-28 06:00:00.5", "z": [1, {}]}'
)


@pytest.mark.parametrize(
    ("old", "new", "is_plain"),
    [
        (b"", b"", True),
        (b'"Shadowfax"', '"é日本🦄"'.encode(), True),
        (b'"Shadowfax"', b'"a\xc3"', False),
        (b'"Shadowfax"', b'"a\\n"', False),
        (b'"Shadowfax"', b'"a\nb"', False),
        (b'"Shadowfax"', b'"\xed\xa0\x80"', False),
        (b'"d": 1.5', b'"d": 0.1e-7', True),
        (b'"d": 1.5', b'"d": 1.7976931348623157E308', True),
        (b'"d": 1.5', b'"d": 1e309', False),
        (b'"d": 1.5', b'"d": 01.5', False),
        (b'"d": 1.5', b'"d": 1.', False),
        (b'"d": 1.5', b'"d": +1', False),
        (b'"d": 1.5', b'"d": 29.062679196704266', True),
        (b'"d": 1.5', b'"d": null', True),
        (b'"i": -7', b'"i": 2147483647', True),
        (b'"i": -7', b'"i": 2147483648', False),
        (b'"i": -7', b'"i": -0', True),
        (b'"i": -7', b'"i": 7.0', False),
        (b'"b": 12', b'"b": 9223372036854775807', True),
        (b'"b": 12', b'"b": -9223372036854775808', True),
        (b'"b": 12', b'"b": 9223372036854775808', False),
        (b'"f": true', b'"f": tru', False),
        (b'"n": 1.25', b'"n": 1.255', False),
        (b"06:00:00.5", b"06:00:60", False),
        (b"2026-11-28", b"2026-02-29", False),
        (b"2026-11-28", b"0000-11-28", False),
        (b'"s": ', b'"i": 1, "s": ', False),
        (b'"s": "Shadowfax", ', b"", False),
        (b"[1, {}]", b"[1, {}", False),
        (b"[1, {}]", b"[1,, {}]", False),
        (b"[1, {}]", b"[1, {1: 2}]", False),
        (b"[1, {}]", b"[" * 40 + b"]" * 40, False),
        (b"[1, {}]}", b"[1, {}]} 1", False),
        (b"[1, {}]}", b"[1, {}],}", False),
        (b'"s"', b'"\\u0073"', False),
    ],
)
def test_what_is_plain(readers: tuple[Any, Any], old: bytes, new: bytes, is_plain: bool) -> None:
    """Escapes, and what does not suit its column or is not JSON, go the long way; all else is read from the bytes."""
    line = PLAIN.replace(old, new, 1) if old else PLAIN
    plain, parsed = readers
    assert (plain(line) is not None) == is_plain
    assert not is_plain or plain(line).equals(parsed(line))


def test_the_same_holds_through_sql(read: Any) -> None:
    """1,200 generated lines in one query, so the test covers Flink's own conversion of the row too."""
    lines = [line for kind in ("valid", "mutated", "documents", "noise") for line in seeded(kind, 300)]
    judged = [judge(line) for line in lines]
    rows = read(lines)
    for line, row, expected in zip(lines, rows, judged, strict=True):
        assert exactly(verdict(row)) == exactly(expected), line
    assert {error for error, _ in judged} == {None, "PARSE", "COERCION"}  # each verdict occurs


# --- shard_watermark ------------------------------------------------------------------------------


@pytest.fixture
def watermark(direct: tuple[Any, Any]) -> Callable[..., float | None]:
    """A new shard_watermark: (event time in s, shard, delay in ms) -> watermark in s."""
    instance, data = direct
    function = instance("shard_watermark")

    def run(second: int | None, shard: str | None, delay: int = 0) -> float | None:
        event_time = None if second is None else data.TimestampData.fromEpochMillis(second * 1000)
        result = function.eval(event_time, shard, delay)
        return None if result is None else result.getMillisecond() / 1000

    return run


def test_the_watermark_is_the_lowest_of_the_shards_highest_times(watermark: Any) -> None:
    """Per shard the highest event time, over the shards the lowest; it falls when another shard is heard."""
    given = [(10, "a"), (8, "a"), (3, "b"), (20, "a"), (5, "b"), (30, "b"), (1, "c"), (9, "c"), (40, "c"), (41, "a")]
    assert [watermark(*record) for record in given] == [10, 10, 3, 3, 5, 20, 1, 9, 20, 30]


def test_the_delay_is_subtracted(watermark: Any) -> None:
    """The delay is subtracted, in milliseconds, or an INTERVAL in SQL."""
    assert watermark(10, "a", delay=2500) == 7.5


def test_rejected_records_neither_advance_nor_hold_back(watermark: Any) -> None:
    """A shard with only rejected records does not count; without any other there is no watermark."""
    assert watermark(None, "rejects") is None
    assert watermark(5, "a") == 5
    assert watermark(None, "rejects") == 5
    assert watermark(7, "a") == 7


def test_null_is_a_shard(watermark: Any) -> None:
    """NULL is a shard of its own."""
    assert [watermark(5, None), watermark(9, "a"), watermark(7, None), watermark(10, None)] == [5, 5, 7, 9]


FEED = "shard STRING, t TIMESTAMP(3) NOT NULL"


def test_the_watermark_clause_ignores_null_and_lower_values(env: Any, query: Any, tmp_path: Path) -> None:
    """Flink keeps the highest watermark so far; each record is shown with the watermark of its predecessors."""
    given_and_expected = [
        # shard, event time, watermark before it
        ("a", "10:00:10", None),
        ("b", "10:00:00", "10:00:05.000"),  # the function now returns 09:59:55
        ("a", "10:01:00", "10:00:05.000"),
        ("b", "10:00:30", "10:00:05.000"),
        ("b", "rejected", "10:00:25.000"),  # the function repeats its last value
        ("b", "10:02:00", "10:00:25.000"),
        ("a", "10:02:00", "10:00:55.000"),
    ]
    records = [{"shard": shard, "t": f"2026-11-22 {clock}"} for shard, clock, _watermark in given_and_expected]
    (tmp_path / "0.json").write_text("".join(json.dumps(record) + "\n" for record in records))
    record = f"json_record(line, '{FEED}')"
    env.execute_sql("DROP TEMPORARY TABLE IF EXISTS feed")
    env.execute_sql(
        "CREATE TEMPORARY TABLE feed (line BYTES, "
        f"event_time AS COALESCE({record}.t, TIMESTAMP '1970-01-01 00:00:00'), "
        f"WATERMARK FOR event_time AS shard_watermark({record}.t, {record}.shard, INTERVAL '5' SECOND)) "
        f"WITH ('connector' = 'filesystem', 'path' = '{tmp_path.as_uri()}', 'format' = 'raw')"
    )
    rows = query("SELECT DATE_FORMAT(CURRENT_WATERMARK(event_time), 'HH:mm:ss.SSS') FROM feed")
    assert [row[0] for row in rows] == [row[2] for row in given_and_expected]


# --- The jar --------------------------------------------------------------------------------------


def test_classes_are_release_17(jar: Path) -> None:
    """Managed Flink 2.3 runs Java 17, whose class files have major version 61."""
    with zipfile.ZipFile(jar) as archive:
        classes = {name: archive.read(name) for name in archive.namelist() if name.endswith(".class")}
    assert {int.from_bytes(content[6:8], "big") for content in classes.values()} == {61}
    assert {name.replace(".", "/") + ".class" for name in FUNCTIONS.values()} <= classes.keys()


@pytest.mark.slow
def test_equal_sources_give_equal_jars_and_are_compiled_once(ecj: Path, jar: Path, tmp_path: Path) -> None:
    """Without a change, the jar is not compiled again."""
    again = compile_functions(ecj, tmp_path / "new folder" / "functions.jar")
    assert again.read_bytes() == jar.read_bytes()
    inode = again.stat().st_ino
    assert compile_functions(ecj, again).stat().st_ino == inode
    assert [file.name for file in again.parent.iterdir()] == ["functions.jar"]


@pytest.mark.slow
def test_a_damaged_jar_is_made_anew(ecj: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged jar is replaced by a whole jar, and no other file is left beside it."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "Right.java").write_text("class Right { int one = 1; }")
    monkeypatch.setattr(build, "FOLDERS", (tmp_path / "sources",))
    out = compile_functions(ecj, tmp_path / "out" / "functions.jar")
    whole = out.read_bytes()
    out.write_bytes(whole[:-100])
    assert compile_functions(ecj, out).read_bytes() == whole
    assert [file.name for file in out.parent.iterdir()] == ["functions.jar"]


def test_a_compiler_error_is_one_exception_that_says_where(
    ecj: Path, jar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiler error is one exception with file and line; the previous jar is unchanged."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "Wrong.java").write_text("class Wrong { int one = 1 + ; }")
    out = tmp_path / "functions.jar"
    out.write_bytes(jar.read_bytes())
    monkeypatch.setattr(build, "FOLDERS", (tmp_path / "sources",))
    with pytest.raises(CompileError, match=r"did not compile[\s\S]*Wrong.java[\s\S]*Syntax error"):
        compile_functions(ecj, out)
    assert out.read_bytes() == jar.read_bytes()
