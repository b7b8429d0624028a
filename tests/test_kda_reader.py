"""The reader of KDA applications: what each kind of file gives, where its SQL stands, what is said of malformed SQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kda import program
from kda.applications import Application, Column, Schema
from kda.dialect import tokenized
from kda.malformed import Malformed
from kda.nodes import CreatePump
from kda.places import Code, File
from kda.reader import read, schema
from kda.scanner import scan

EXAMPLES = Path(__file__).parent / "kda"
ALL = sorted(EXAMPLES.iterdir())
each_example = pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)

SQL = 'CREATE STREAM "A" (x INTEGER);\nCREATE PUMP p AS INSERT INTO "A" SELECT STREAM x FROM "IN_001";'


def written_to(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def the_application(path: Path) -> Application:
    (application,) = read(path).applications
    return application


def with_comments(text: str) -> list[object]:
    """The tokens of an SQL text and its comments, in their order."""
    scanned = scan(Code.whole(File("", text)))
    tokens = program.essential(tokenized(scanned.text))
    parts = [(token.start, program.same(token)) for token in tokens if token.text != ";"]
    comments = [(comment.offset, comment.text) for comment in scanned.comments]
    return [part for _at, part in sorted([*parts, *comments], key=lambda part: part[0])]


@each_example
def test_round_trip(path: Path) -> None:
    """The SQL that is written from the tree has each token of the source, and each comment where it stood."""
    for application in read(path).applications:
        again = program.written(program.parsed(application.code))
        assert with_comments(again) == with_comments(application.code.text)


@each_example
def test_places(path: Path) -> None:
    """Each visible character of the SQL stands in the file where its place says; JSON has it as an escape."""
    origin = read(path)
    lines = [f"{line}\n" for line in origin.file.text.split("\n")]
    for application in origin.applications:
        code, line = application.code, 1
        placed = {at + more for at, text in scan(code).placeholders for more in range(len(text))}
        placed |= {at + more for at, _name, value in code.defaults for more in range(len(value))}
        for at, sign in enumerate(code.text):
            place = code.place(at)
            assert place.sql_line == line
            line += sign == "\n"
            if not sign.isspace() and at not in placed:
                assert lines[place.line - 1][place.column - 1] in (sign, "\\"), (sign, place)


@pytest.mark.parametrize("name", ["clicks.json", "clicks_v2.json"])
def test_an_answer_of_describe_application(name: str) -> None:
    """Both versions of the API: name, SQL, inputs with schema and ARN, outputs, reference tables."""
    application = the_application(EXAMPLES / name)
    assert application.name == "clicks"
    assert application.code.text.startswith("-- Clicks of a shop")
    (read_,) = application.inputs
    assert read_.streams == ("SOURCE_SQL_STREAM_001",)
    assert read_.arn == "arn:aws:kinesis:eu-central-1:111122223333:stream/clicks"
    assert (read_.service, read_.format, read_.row_path, read_.lambda_arn) == ("kinesis", "JSON", "$", "")
    assert read_.columns is not None
    assert read_.columns[2] == Column("campaign", "VARCHAR(16)", "$.source.campaign")
    assert [(one.stream, one.service) for one in application.outputs] == [
        ("PAGES", "kinesis"),
        ("CAMPAIGNS", "firehose"),
    ]
    (table,) = application.references
    assert (table.table, table.bucket, table.key) == ("CAMPAIGN_OWNERS", "arn:aws:s3:::clicks-reference", "owners.csv")
    assert table.columns is not None
    assert [column.name for column in table.columns] == ["campaign", "owner", "budget"]
    assert (table.format, table.row_path, table.row_delimiter, table.column_delimiter) == ("CSV", "", "\n", ",")


def test_what_was_sent_to_create_application() -> None:
    """The names of the request, without Description."""
    application = the_application(EXAMPLES / "clicks_create.json")
    assert [one.prefix for one in application.inputs] == ["SOURCE_SQL_STREAM"]
    assert [one.stream for one in application.outputs] == ["PAGES", "CAMPAIGNS"]


def test_a_template_puts_its_texts_together() -> None:
    """Fn::Join within Fn::Join: a line is that of its part; Ref gives a default or stays; an output comes along."""
    application = the_application(EXAMPLES / "lifts_join.json")
    code = application.code
    assert 'FROM "LIFTS_001" AS l\n    WHERE "kg" > ${MaximumLoad}\n' in code.text
    place = code.place(code.text.index("HAVING"))
    assert 'HAVING COUNT(*) > 3;"' in code.file.text.split("\n")[place.line - 1]
    assert application.inputs[0].streams == ("LIFTS_001",)
    assert application.inputs[0].arn == "${Trips.Arn}"
    assert [(one.stream, one.service, one.arn) for one in application.outputs] == [
        ("ALARM_STREAM", "lambda", "${Alarm.Arn}")
    ]


def test_a_template_in_yaml_has_several_applications() -> None:
    """Short forms, flow mappings, literal blocks; an output belongs to the application that it names."""
    occupancy, rush = read(EXAMPLES / "parking.yaml").applications
    assert occupancy.name == "${AWS::StackName}-occupancy"
    assert occupancy.inputs[0].streams == ("PARK_001", "PARK_002")
    assert occupancy.inputs[0].lambda_arn == "${Clean.Arn}"
    assert (len(occupancy.outputs), len(rush.outputs)) == (0, 1)
    assert rush.outputs[0].arn == "${rush-stream-arn}"
    assert "INTERVAL '15' MINUTE" in rush.code.text
    assert [(name, value) for _at, name, value in rush.code.defaults] == [("Minutes", "15")]
    place = rush.code.place(rush.code.text.index("GROUP BY"))
    assert rush.code.file.text.split("\n")[place.line - 1].strip().startswith("GROUP BY")


def test_a_template_of_cdk() -> None:
    """The application of SQL is found, that of Flink is left out."""
    application = the_application(EXAMPLES / "words_cdk.template.json")
    assert application.name == "words"
    assert (application.inputs[0].service, application.outputs[0].format) == ("firehose", "CSV")


def test_terraform() -> None:
    """Both resources: indented and plain heredocs, nested blocks, expressions that stay as they are."""
    orders = the_application(EXAMPLES / "orders.tf")
    assert orders.code.text.startswith("-- Orders that nobody has paid")
    assert orders.inputs[0].arn == "aws_kinesis_stream.orders.arn"
    assert orders.inputs[0].columns is not None
    assert [column.mapping for column in orders.inputs[0].columns] == ["$.id", "$.at", "$.payment.at", "$.state"]
    assert [(one.stream, one.service) for one in orders.outputs] == [("UNPAID", "firehose")]
    meters = the_application(EXAMPLES / "meters_v2.tf")
    assert meters.code.text.startswith("CREATE OR REPLACE STREAM")
    assert (meters.inputs[0].row_path, meters.inputs[0].arn) == ("$.readings[0:]", "aws_kinesis_stream.meters.arn")
    assert (meters.references[0].table, meters.references[0].key) == ("TARIFFS", "tariffs.csv")


CSV = {
    "orders.json": """{"ApplicationName": "a", "ApplicationCode": "", "Inputs": [{"NamePrefix": "IN", "InputSchema": {
        "RecordFormat": {"RecordFormatType": "CSV", "MappingParameters": {
            "CSVMappingParameters": {"RecordRowDelimiter": "|\\n", "RecordColumnDelimiter": "\\t"}}},
        "RecordColumns": [{"Name": "a", "SqlType": "INTEGER"}]}}]}""",
    "orders.yaml": """Resources:
  A:
    Type: AWS::KinesisAnalyticsV2::Application
    Properties:
      ApplicationCode: ""
      Inputs:
        - NamePrefix: IN
          InputSchema:
            RecordFormat:
              RecordFormatType: CSV
              MappingParameters: {CSVMappingParameters: {RecordRowDelimiter: "|\\n", RecordColumnDelimiter: "\\t"}}
            RecordColumns: [{Name: a, SqlType: INTEGER}]
""",
    "orders.tf": """resource "aws_kinesis_analytics_application" "a" {
  name = "a"
  code = ""
  inputs {
    name_prefix = "IN"
    schema {
      record_columns {
        name     = "a"
        sql_type = "INTEGER"
      }
      record_format {
        mapping_parameters {
          csv {
            record_column_delimiter = "\\t"
            record_row_delimiter    = "|\\n"
          }
        }
        record_format_type = "CSV"
      }
    }
  }
}
""",
}


@pytest.mark.parametrize("name", CSV)
def test_delimiters_of_csv(name: str, tmp_path: Path) -> None:
    """An input in CSV has its delimiters, in JSON, a template and Terraform."""
    (read_,) = the_application(written_to(tmp_path, name, CSV[name])).inputs
    assert (read_.format, read_.row_path) == ("CSV", "")
    assert (read_.row_delimiter, read_.column_delimiter) == ("|\n", "\t")
    assert read_.columns == (Column("a", "INTEGER", ""),)


def test_a_schema_alone(tmp_path: Path) -> None:
    """What DiscoverInputSchema answered, the part InputSchema of it, and that in YAML are the same schema."""
    inner = """{"RecordFormat": {"RecordFormatType": "JSON", "MappingParameters":
        {"JSONMappingParameters": {"RecordRowPath": "$.rows[0:]"}}}, "RecordEncoding": "UTF-8",
        "RecordColumns": [{"Name": "PRICE", "Mapping": "$.quote.price", "SqlType": "DOUBLE"}]}"""
    expected = Schema((Column("PRICE", "DOUBLE", "$.quote.price"),), "JSON", "$.rows[0:]")
    answer = f'{{"InputSchema": {inner}, "RawInputRecords": ["{{}}"]}}'
    for name, text in (("a.json", inner), ("b.json", answer), ("c", answer), ("d.yaml", f"InputSchema: {inner}")):
        assert schema(written_to(tmp_path, name, text)) == expected
    before = the_application(EXAMPLES / "clicks.json")
    after = before.inputs[0].with_schema(expected)
    assert (after.columns, after.row_path, after.arn) == (expected.columns, "$.rows[0:]", before.inputs[0].arn)
    table = before.references[0].with_schema(expected)
    assert (table.format, table.row_path, table.key) == ("JSON", "$.rows[0:]", "owners.csv")
    with pytest.raises(Malformed, match=r"e.json, line 1, column 1: expected InputSchema, with RecordColumns in it\."):
        schema(written_to(tmp_path, "e.json", "{}"))


def test_the_form_is_seen_without_a_suffix(tmp_path: Path) -> None:
    """A name says nothing: the text does."""
    for name in ("clicks.json", "parking.yaml", "orders.tf", "constructs.sql"):
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        path = written_to(tmp_path, name.partition(".")[0], text)
        assert [one.name for one in read(path).applications] == [one.name for one in read(EXAMPLES / name).applications]


def test_any_line_break_and_a_mark_of_utf_8(tmp_path: Path) -> None:
    """Windows' files: places are the same."""
    path = tmp_path / "a.sql"
    path.write_bytes(b"\xef\xbb\xbf" + SQL.replace("\n", "\r\n").encode())
    code = the_application(path).code
    assert code.text == SQL
    assert code.place(SQL.index("PUMP")).line == 2


def test_escapes(tmp_path: Path) -> None:
    """Of JSON and of YAML in double quotes: six characters for one, twelve for a sign beyond 16 bits, a folded line."""
    text = '{"ApplicationCode": "-- \\u0041\\ud83d\\ude00 \\" x"}'
    code = the_application(written_to(tmp_path, "a.json", text)).code
    assert code.text == '-- A\U0001f600 " x'
    assert [code.offsets[code.text.index(sign)] for sign in 'A\U0001f600"x'] == [
        text.index(raw) for raw in ("\\u0041", "\\ud83d", '\\"', "x")
    ]
    kind = "AWS::KinesisAnalytics::Application"
    text = 'Resources: {A: {Type: %s, Properties: {ApplicationCode: !Sub "S\\u0075b\n  q"}}}'.replace("%s", kind)
    code = the_application(written_to(tmp_path, "a.yaml", text)).code
    assert code.text == "Sub q"
    assert [code.offsets[at] for at in (0, 1, 2, 4)] == [text.index(raw) for raw in ("S\\u", "\\u", "b\n", "q")]


def test_what_is_lost_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree that has not every token of the source is refused, where the first one is missing."""
    path = written_to(tmp_path, "a.sql", SQL)
    printed = program.printed
    monkeypatch.setattr(program, "printed", lambda tree: printed(tree).replace("STREAM x", "x"))
    with pytest.raises(Malformed, match="line 2, column 41: this part of the statement is not understood: STREAM"):
        program.parsed(the_application(path).code)


def test_the_model_of_a_program() -> None:
    """Streams with their types, pumps with target and columns, comments at their statements; names as KDA has them."""
    found = program.parsed(the_application(EXAMPLES / "constructs.sql").code)
    assert [str(name) for name, _type in found.streams["READINGS"].columns][:3] == ["ID", "text", "LEVEL"]
    pumps = {pump.name: pump for pump in found.pumps}
    assert (pumps["READING_PUMP"].target, pumps["READING_PUMP"].columns) == ("READINGS", ("ID", "text"))
    assert pumps["RANGES_PUMP"].columns is None
    assert pumps["BOTH_WAYS"].target == "BOTH_WAYS"
    wind = program.parsed(the_application(EXAMPLES / "wind_farm.sql").code)
    assert len(wind.pumps) == 24
    first, *_rest = wind.statements
    assert [comment.words for comment in first.leading] == [
        "A wind farm: 24 pumps.\nReadings come from the turbines' controllers, a record for each sensor."
    ]
    pump = next(one for one in wind.statements if isinstance(one.tree, CreatePump))
    assert [comment.words for comment in pump.comments] == ["as it comes"]
    assert wind.statements[-1].comments[-1].words == "the end"


def test_long_expressions(tmp_path: Path) -> None:
    """A text of 300 parts, as lists of alarms have it, is no program that is too deep."""
    parts = " || ".join(f"'{number}'" for number in range(300))
    sql = f"CREATE STREAM s (a VARCHAR(9)); CREATE PUMP p AS INSERT INTO s SELECT STREAM {parts} FROM x WHERE "
    path = written_to(tmp_path, "a.sql", sql + " OR ".join(f"a = {number}" for number in range(300)))
    assert len(program.parsed(the_application(path).code).pumps) == 1


HEAD = "CREATE STREAM s (a INTEGER);\nCREATE PUMP p AS INSERT INTO s\n"
MALFORMED = {
    # the SQL, with .. for the lines above; line, column, what is said
    "CREATE STREAM s (a INTEGER": (1, 27, "expected a comma or ), found the end of the statement"),
    "CREATE STREAM s (a INTEGR);": (1, 20, "expected a type, such as VARCHAR(16) or INTEGER, found INTEGR"),
    "CREATE STREAM (a INTEGER);": (1, 15, "expected the name of the stream, found ("),
    "CREATE STREAM s;": (1, 16, "expected ( with the stream's columns, found the end of the statement"),
    "CREATE STREAM s (a VARCHAR(x));": (1, 28, "expected a whole number, found x"),
    "CRATE STREAM s (a INTEGER);": (1, 1, "expected CREATE OR REPLACE STREAM or CREATE OR REPLACE PUMP, found CRATE"),
    "..SELECT STREAM a FROM": (
        3,
        21,
        "expected the name of a stream or table, ( or TABLE(, found the end of the statement",
    ),
    "..SELECT STREAM a, FROM x": (3, 18, "expected a value, found FROM"),
    "..SELECT STREAM a b c FROM x": (3, 19, "expected FROM, a comma or an operator, found c"),
    "..SELECT STREAM 1a FROM x": (3, 16, "expected a space or a comma, found a"),
    "..SELECT STREAM a FROM x WHERE": (3, 29, "expected a value, found the end of the statement"),
    "..SELECT STREAM a FROM x WHERE a >": (3, 33, "expected a value, found the end of the statement"),
    "..SELECT STREAM a FROM x WHERE a NOT 1": (
        3,
        36,
        "expected LIKE, SIMILAR TO, IN or BETWEEN after NOT, found 1",
    ),
    "..SELECT STREAM SUBSTRING(FROM 1) FROM x": (3, 25, "expected a value, found FROM"),
    "..SELECT STREAM EXTRACT(AGE FROM a) FROM x": (
        *(3, 23),
        "expected a unit: YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, WEEK, QUARTER, DOY, DOW, found AGE",
    ),
    "..SELECT STREAM CASE a FROM x": (3, 22, "expected WHEN, found FROM"),
    "..SELECT STREAM CASE WHEN a THEN 1 FROM x": (3, 34, "expected WHEN, ELSE or END of the CASE, found FROM"),
    "..SELECT STREAM CAST(a VARCHAR(4)) FROM x": (3, 22, "expected AS, found VARCHAR"),
    "..SELECT STREAM STEP(a INTERVAL '1' DAY) FROM x": (3, 22, "expected BY, found INTERVAL"),
    "..SELECT STREAM a FROM x GROUP BY STEP(ROWTIME BY INTERVAL '1' MINUTES)": (
        *(3, 62),
        "expected a unit: YEAR, MONTH, DAY, HOUR, MINUTE or SECOND, found MINUTES",
    ),
    "..SELECT STREAM a FROM x GROUP BY STEP(ROWTIME BY INTERVAL 1 MINUTE)": (
        *(3, 58),
        "expected a length in quotes, such as INTERVAL '1' MINUTE, found 1",
    ),
    "..SELECT STREAM a FROM x JOIN y": (
        3,
        30,
        "expected ON with the join's condition, found the end of the statement",
    ),
    "..SELECT STREAM SUM(a) OVER FROM x": (3, 27, "expected ( or the name of a window, found FROM"),
    "..SELECT STREAM SUM(a) OVER (RANGE INTERVAL '1' DAY) FROM x": (
        3,
        50,
        "expected PRECEDING or FOLLOWING, found )",
    ),
    "..SELECT STREAM a FROM x ORDER BY a LIMIT 10": (3, 35, "expected ; or a further clause, found LIMIT"),
    "..SELECT STREAM a FROM x\nCREATE STREAM t (b INTEGER)": (
        4,
        1,
        "expected ; or a further clause, found CREATE",
    ),
    "..SELECT STREAM 'a FROM x": (3, 15, "expected ' at the end of the text that begins here"),
    '..SELECT STREAM "a FROM x': (3, 15, 'expected " at the end of the name that begins here'),
    "..SELECT STREAM a /* b FROM x": (3, 17, "expected */ at the end of the comment that begins here"),
    "..SELECT STREAM a FROM x -- WHERE a\n= 1": (4, 1, "expected ; or a further clause, found ="),
    "..SELECT STREAM a FROM x WINDOWED BY STAGGER (PARTITION BY a)": (3, 59, "expected RANGE, found )"),
    "CREATE PUMP p AS SELECT STREAM a FROM x": (1, 18, "expected INSERT INTO, found SELECT"),
    "CREATE STREAM s (a INTEGER); {{x}}": (
        1,
        30,
        "expected CREATE OR REPLACE STREAM or CREATE OR REPLACE PUMP, found {",
    ),
    "SELECT STREAM " + "(" * 5000 + "a FROM x": (1, 1, "expected SQL with fewer parentheses within parentheses"),
}


@pytest.mark.parametrize("sql", MALFORMED, ids=lambda sql: sql[-40:])
def test_malformed_sql(sql: str, tmp_path: Path) -> None:
    """File, line, column, what was expected and what is there."""
    path = written_to(tmp_path, "a.sql", sql.replace("..", HEAD))
    line, column, problem = MALFORMED[sql]
    with pytest.raises(Malformed) as error:
        program.parsed(the_application(path).code)
    assert str(error.value) == f"{path}, line {line}, column {column}: {problem}."


def test_malformed_sql_within_json(tmp_path: Path) -> None:
    """The place in the file, and the line of the SQL."""
    path = written_to(tmp_path, "a.json", json.dumps({"ApplicationCode": "-- one\n\tCREATE STREAM;"}))
    with pytest.raises(Malformed) as error:
        program.parsed(the_application(path).code)
    assert str(error.value) == (
        f"{path}, line 1, column 45: line 2, column 15 of the SQL: expected the name of the stream, "
        "found the end of the statement."
    )


FILES = {
    ("a.json", '{"ApplicationCode": "x",}'): "line 1, column 25: expected a name in double quotes, found '}'",
    ("a.json", '{"ApplicationCode": "x"'): "line 1, column 24: expected ',' or '}', found the end of the file",
    (
        "a.json",
        '{"ApplicationCode": "a\nb"}',
    ): "line 1, column 23: expected \\n or \\t in place of a line break or tab in a text",
    (
        "a.json",
        '{"ApplicationCode": "a\\q"}',
    ): 'line 1, column 23: expected an escape of JSON, such as \\n, \\" or \\u0041',
    ("a.json", '{"ApplicationCode": "a'): 'line 1, column 21: expected " at the end of the text that begins here',
    ("a.json", '{"ApplicationCode": nope}'): "line 1, column 21: expected a JSON value, found 'n'",
    ("a.json", '{"a": 1} {'): "line 1, column 10: expected the end of the file after the JSON value, found '{'",
    ("a.json", '{"ApplicationCode": ["a"]}'): "line 1, column 21: expected the SQL of the application as a text",
    (
        "a.json",
        '{"ApplicationCode": "", "Inputs": {}}',
    ): "line 1, column 35: expected a list for Inputs, found a mapping",
    (
        "a.json",
        '{"ApplicationCode": "", "Inputs": [{}]}',
    ): "line 1, column 36: expected NamePrefix in the input that begins here",
    ("a.json", "[" * 5000): "line 1, column 1: expected JSON of less depth",
    ("a.yaml", "Resources:\n  - a\n b"): "line 3, column 2: expected YAML: ",
    ("a.yaml", "Resources: {A: {Type: 'AWS::KinesisAnalytics::Application', Properties: {ApplicationCode: {A: b}}}}"): (
        "line 1, column 91: expected a text or a function of CloudFormation, found a mapping"
    ),
    ("a.tf", 'resource "aws_kinesis_analytics_application" "a" {\n  code = <<EOF\nx'): (
        "line 2, column 10: expected EOF on a line of its own at the end of the text"
    ),
    (
        "a.tf",
        'resource "aws_kinesis_analytics_application" "a" {\n  code = ',
    ): "line 2, column 10: expected a value, found the end",
    ("a.tf", 'resource "aws_kinesis_analytics_application" "a" {\n'): "line 2, column 1: expected '}' of the block",
    ("a.tf", 'resource "aws_kinesis_analytics_application" "a" {\n  code = file("a.sql")\n}'): (
        'line 2, column 10: expected the SQL as a text or heredoc, found file("a.sql"): give the file with the SQL'
    ),
    ("a.json", '{"Resources": {}}'): "expected ApplicationDetail",
    ("a.json", "{}"): "expected ApplicationDetail",
    ("a.tf", "locals {}"): "expected a resource aws_kinesis_analytics_application",
}


@pytest.mark.parametrize("given", FILES, ids=lambda given: f"{given[0]} {given[1][-30:]}")
def test_malformed_files(given: tuple[str, str], tmp_path: Path) -> None:
    """Each form of file says what it expected, and where."""
    path = written_to(tmp_path, *given)
    with pytest.raises(Malformed) as error:
        read(path)
    assert FILES[given] in str(error.value)
    assert str(error.value).startswith(str(path))
    assert error.value.exit_code == 3


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """No file, a folder, another encoding."""
    with pytest.raises(Malformed, match=r"none\.sql: the file cannot be read \(No such file"):
        read(tmp_path / "none.sql")
    with pytest.raises(Malformed, match="the file cannot be read"):
        read(tmp_path)
    path = tmp_path / "latin.sql"
    path.write_bytes(b"-- a\n-- caf\xe9")
    with pytest.raises(Malformed, match="line 2, column 7: expected UTF-8, found the byte 0xe9"):
        read(path)
