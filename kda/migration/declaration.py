"""The job.toml of a migrated job."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors import kinesis, preprocessing
from kda.applications import Application, Input, Output, Reference
from kda.migration import places
from kda.migration.places import Name
from kda.scope import ERROR_STREAM
from kda.translation import Translation

ERRORS = "error_stream"  # the table of errors, shared by all jobs
# Kinesis gives a record its time of arrival within a second; a record of a former time would be LATE.
MARGIN = "2 s"
_SILENCE = (
    "# In silence windows close by the clock of the service, as KDA's did: so long after their end.",
    f'"option.source.watermark.arrival-margin" = "{MARGIN}"',
)
_UNKNOWN_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:put-its-name-in"
_START = (
    "# From the oldest record that the stream has, so that none is lost. KDA began with the next one: LATEST.",
    'start = "TRIM_HORIZON"',
)

_REFRESH = (
    "# KDA read it once. With this line the job takes over a changed object; rows wait for it about as long:",
    '# refresh = "10 s"',
)


@dataclass(frozen=True)
class End:
    """A table's declaration. kind, name: of what is behind it in AWS; lines: of TOML, with comments."""

    table: str
    kind: str
    name: Name
    lines: tuple[str, ...]


def ends(application: Application, translation: Translation, job: str, time: str) -> list[End]:
    """The declarations of all tables: the sources, the sinks, the errors. time: which rows have, by --time."""
    found = [
        _reference(table, end) if isinstance(end, Reference) else _input(table, end, time)
        for table, end in translation.sources.items()
    ]
    found += [_output(table, end) for table, end in translation.sinks.items()]
    error = next((one for one in application.outputs if one.stream.upper() == ERROR_STREAM), None)
    if error is not None:
        found.append(_output(ERRORS, error))
    else:
        name = Name(f"{job.replace('_', '-')}-errors", is_known=False)
        found.append(End(ERRORS, "stream", name, (_entry("connector", "kinesis"), _entry("stream", name.text))))
    return found


def document(application: Application, translation: Translation, ends_: Sequence[End]) -> str:
    """The text of job.toml."""
    named = f'the application "{application.name}"' if application.name else "an application"
    comment = f"What {named} of Kinesis Data Analytics for SQL computed.".replace("\n", " ")
    inserts: Mapping[str, str] = {**translation.inserts, ERRORS: "errors"}
    lines = [f"# {comment}", *_steps(translation.steps)]
    lines += ["", "[insert]  # table = view", *(_entry(*one) for one in inserts.items())]
    for end in ends_:
        lines += ["", f"[table.{_key(end.table)}]", *end.lines]
    return "\n".join(lines) + "\n"


def _steps(steps: Sequence[str]) -> Iterator[str]:
    """The views that `jobs watch` does not show by itself; a long list on lines of its own."""
    if not steps:
        return
    names = [json.dumps(step, ensure_ascii=False) for step in steps]
    line = f"steps = [{', '.join(names)}]"
    yield ""
    yield "# Views on the way to others: `jobs watch` shows them with --view only."
    yield from [line] if len(line) <= 120 else ["steps = [", *(f"    {name}," for name in names), "]"]


def _input(table: str, end: Input, time: str) -> End:
    name = places.stream(end, table)
    silence = _SILENCE if time == "arrival" else ()
    return End(table, "stream", name, (*_kinesis(name), *_START, *silence, *_preprocessing(end.lambda_arn)))


def _preprocessing(arn: str) -> Iterator[str]:
    """The Lambda function before an input; empty for none."""
    if not arn:
        return
    if re.fullmatch(preprocessing.FUNCTION, arn):
        yield "# The Lambda function that KDA called before it read a record. Or its handler in a file of this folder."
        yield _entry(preprocessing.PREPROCESS, arn)
    else:
        yield "# Not in the file that was migrated: put the ARN of the Lambda function in, or the name of a file of"
        yield "# this folder that has its handler."
        yield _entry(preprocessing.PREPROCESS, _UNKNOWN_FUNCTION)


def _output(table: str, end: Output | None) -> End:
    name = places.stream(end, table)
    if end is not None and end.service == "firehose":
        return End(table, "Firehose stream", name, tuple(_named("firehose", "delivery_stream", name)))
    if end is not None and end.service == "lambda":
        return End(table, "stream", name, tuple(_calling(name, end.arn)))
    return End(table, "stream", name, tuple(_kinesis(name)))


def _reference(table: str, end: Reference) -> End:
    name, key = places.bucket(end), places.key(end)
    lines = [*_named("reference", "bucket", name), *_setting("key", key), *_REFRESH]
    return End(table, "object", Name(f"s3://{name.text}/{key.text}", name.is_known and key.is_known), tuple(lines))


def _calling(name: Name, arn: str) -> Iterator[str]:
    """A stream that calls the Lambda function that was the output."""
    yield _entry("connector", "kinesis")
    yield "# A new stream, which calls the Lambda function that KDA called."
    yield _entry("stream", name.text)
    if re.fullmatch(kinesis.FUNCTION, arn):
        yield _entry("function", arn)
    else:
        yield '# The file does not say which function: function = "arn:aws:lambda:.."'


def _kinesis(name: Name) -> Iterator[str]:
    return _named("kinesis", "stream", name)


def _named(connector: str, setting: str, name: Name) -> Iterator[str]:
    yield _entry("connector", connector)
    yield from _setting(setting, name)


def _setting(setting: str, name: Name) -> Iterator[str]:
    if not name.is_known:
        yield "# Not in the file that was migrated: put the name in."
    yield _entry(setting, name.text)


def _entry(key: str, value: str) -> str:
    return f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name, re.ASCII) else json.dumps(name, ensure_ascii=False)
