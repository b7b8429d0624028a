"""docs/reference.md, made from the code: `make reference` writes it, and a test compares it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import click

from connectors import aws, dynamodb, firehose, kinesis, reference
from connectors.connector import IDENTITY, Option
from connectors.kind import Setting
from consumer.options import consumer
from deploy import command as deploy
from java import paths
from jobs import command as jobs
from kda import command as kda
from local import command as local
from pipeline import settings
from pipeline.job import KINDS
from producer import cloudfront
from producer.options import producer

PAGE = paths.ROOT / "docs" / "reference.md"
PROGRAMS: Mapping[str, click.Command] = {
    "jobs": jobs.program,
    "local": local.program,
    "deploy": deploy.program,
    "kda": kda.program,
    "producer": producer,
    "producer.cloudfront": cloudfront.program,
    "consumer": consumer,
}
TOP = """\
# Reference

`make reference` writes this page from the code, and a test compares both: change the code, not the page. What a job's
folder may hold is in [writing-jobs](writing-jobs.md), the exit codes of all programs in
[operations](operations.md#exit-codes).
"""
SETTINGS = """
## Settings

[main.py](../main.py) reads `application_properties.json`, in Managed Flink's own format: a list of
`{"PropertyGroupId": "...", "PropertyMap": {...}}`. It looks in `/etc/flink` or takes a path as its argument. The
group `job` names the job, `aws` or `files` says in which place its tables are, and a group with a table's name
describes the far end of that table. A table's entries in `job.toml` are its defaults.

Credentials are never settings: they come from where every AWS SDK looks. Parallelism, checkpoints and the class path
belong to the launcher. In a table's group, `option.NAME` sets an option of its connector by the connector's own name,
such as `option.sink.flush-buffer.timeout`. An unknown name is refused; Flink itself lets most of them pass without
effect.
"""
OPTIONS = """
## Options of the connectors

Types: ms is a whole number of milliseconds. Set: what the job's tables have unless `option.NAME` says otherwise; an
empty cell means the default. What a setting decides (connector, format, stream, table, region, endpoint) is no
option.
"""


def page() -> str:
    """The whole text."""
    parts = [TOP]
    for name, program in PROGRAMS.items():
        parts.append(f"\n## python -m {name}\n\n{_text(program.help)}\n")
        parts += [part for words, command in _commands(program, (name,)) for part in _command(words, command)]
    return "".join([*parts, SETTINGS, *_settings(), OPTIONS, *_options()])


def _commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from _commands(one, (*words, name))
    else:
        yield words, command


def _command(words: tuple[str, ...], command: click.Command) -> Iterator[str]:
    """The text of `--help` as a section; a program with a single command has it under its own heading."""
    name = f"python -m {' '.join(words)}"
    context = click.Context(command, info_name=name, show_default=True)
    if len(words) > 1:
        yield f"\n### {' '.join(words)}\n\n`{name} {' '.join(command.collect_usage_pieces(context))}`\n\n"
        yield f"{_text(command.help)}\n"
    rows = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    yield from _table(("Option", "Meaning"), [(f"`{names}`", _text(meaning)) for names, meaning in rows])
    for text in (command.epilog, getattr(command, "example", "")):
        if text:
            yield f"\n```\n{text.strip()}\n```\n"


def _settings() -> Iterator[str]:
    groups = {settings.JOB: settings.JOB_GROUP, **settings.PLACE_GROUPS}
    for title, known in groups.items():
        yield f"\n### Group {title}\n"
        yield from _table(("Setting", "Default", "Meaning"), _rows(known))
    for kind in KINDS.values():
        for role, end in (("source", kind.source), ("sink", kind.sink)):
            if end is not None:
                yield f"\n### Group of a table: {kind.name} {role}\n"
                yield from _table(("Setting", "Default", "Meaning"), _rows(end.settings))


def _rows(known: Mapping[str, Setting]) -> list[tuple[str, ...]]:
    return [(f"`{name}`", _default(setting.default), setting.meaning) for name, setting in known.items()]


def _default(default: str | None) -> str:
    if default is None:
        return "required"
    return "the job's name" if default == kinesis.JOB_NAME else f"`{default}`" if default else ""


def _options() -> Iterator[str]:
    place = aws.Aws("us-east-1")
    for title, catalog, set_ in (
        ("kinesis source", kinesis.SOURCE_OPTIONS, kinesis.source(place, "x", kinesis.Start()).options),
        ("kinesis sink", kinesis.SINK_OPTIONS, kinesis.sink(place, "x").options),
        ("dynamodb sink", dynamodb.OPTIONS, dynamodb.sink(place, "x", key=("x",)).options),
        ("firehose sink", firehose.OPTIONS, firehose.sink(place, "x").options),
        ("reference source", reference.OPTIONS, reference.source(place, "x", "x").options),
    ):
        yield f"\n### {title}\n"
        rows = [_option(name, option, set_.get(name)) for name, option in catalog.items() if name not in IDENTITY]
        yield from _table(("Option", "Type", "Default", "Set"), rows)


def _option(name: str, option: Option, set_: str | None) -> tuple[str, ...]:
    type_ = ", ".join(f"`{choice}`" for choice in option.choices) or option.type
    default = f"`{option.default}`" if option.default else ""
    return f"`{name}`", type_, default, f"`{set_}`" if set_ not in (None, option.default) else ""


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        yield f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
        yield from (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)


def _text(text: str | None) -> str:
    """Paragraphs, a line each."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", (text or "").replace("\b", "")))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
