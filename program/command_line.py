"""Command lines by click: help in sections with examples, a sentence for wrong usage."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import click

from program.addresses import is_http

N = TypeVar("N", int, float)

LARGEST = sys.float_info.max  # as an upper limit: any finite number
ABOVE_0 = math.ulp(0.0)  # as a lower limit: any number above 0
OTHER = "Other options"
HELP = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 110}


class Option(click.Option):
    """An option with its section of the help."""

    def __init__(self, *names: Any, section: str = OTHER, **more: Any) -> None:
        super().__init__(*names, **more)
        self.section = section


option = partial(click.option, cls=Option)


class Command(click.Command):
    """A command whose help has its options by section, in the order of declaration, then its epilog, unchanged.

    example: command lines for the end of the help, separated by line feeds.
    """

    def __init__(self, *arguments: Any, example: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.example = example

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (row := parameter.get_help_record(ctx)):
                sections.setdefault(getattr(parameter, "section", OTHER), []).append(row)
        width = max(len(names) for rows in sections.values() for names, _ in rows)
        for title, rows in sections.items():
            with formatter.section(title if len(sections) > 1 else "Options"):
                formatter.write_dl([(names.ljust(width), text) for names, text in rows])

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog with its own line breaks, then the examples."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}")
        if self.example:
            with formatter.section("Example" if "\n" not in self.example else "Examples"):
                for line in self.example.splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def command(**more: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Decorate a function as a program of one command."""
    return click.command(cls=Command, context_settings=HELP, **more)


def parse(program: click.Command, name: str, arguments: Sequence[str] | None = None) -> Any:
    """The result of the function behind `python -m NAME`; the default of `arguments` is the process's own.

    Raises SystemExit: 2 after a sentence about a wrong argument, 0 after --help.
    """
    prog = f"python -m {name}"
    try:
        with program.make_context(prog, list(sys.argv[1:] if arguments is None else arguments)) as context:
            return program.invoke(context)
    except click.UsageError as error:
        print(f"{name}: {error.format_message().rstrip('.')} (see {prog} --help)", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except click.exceptions.Exit as end:
        raise SystemExit(end.exit_code) from None


def number(kind: type[N], least: float, most: float, description: str) -> Callable[[str], N]:
    """A parser of numbers from `least` to `most`; its error message says that the text is not `description`."""

    def read(text: str) -> N:
        try:
            value = kind(text)
            if least <= value <= most:  # false for nan
                return value
        except ValueError:
            pass
        raise click.BadParameter(f"{text!r} is not {description}")

    return read


def utc(text: str) -> datetime:
    """Parse a UTC time from 1970 to 2999: 'yyyy-MM-dd HH:mm:ss' or 'yyyy-MM-dd HH:mm:ss.SSS'."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?", text, re.ASCII):
        try:
            time = datetime.fromisoformat(text).replace(tzinfo=UTC)
            if 1970 <= time.year < 3000:
                return time
        except ValueError:  # 2026-02-30
            pass
    raise click.BadParameter(
        f"{text!r} is not a time from 1970 to 2999 of the form 'yyyy-MM-dd HH:mm:ss' or 'yyyy-MM-dd HH:mm:ss.SSS'"
    )


def stream(text: str) -> str:
    """Check a stream's name against the rules of Kinesis."""
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,128}", text):
        raise click.BadParameter(f"{text!r} is not a stream name: 1 to 128 letters, digits, '_', '.' or '-' (no ARN)")
    return text


def url(text: str) -> str:
    """Check an http or https address."""
    if is_http(text) and not re.search(r"\s", text):
        return text
    raise click.BadParameter("not an address like http://127.0.0.1:4566")  # without the text: it may hold a password


def not_empty(text: str) -> str:
    """Check that the text is not empty."""
    if not text:
        raise click.BadParameter("is empty")
    return text


class Group(click.Group):
    """A group of commands, in the order of their definition.

        @click.group(cls=Group)
        def program() -> None: ...

        @program.command(example="python -m program greet Bree")
        @click.argument("name")
        def greet(name: str) -> int: ...

        def main(arguments: Sequence[str] | None = None) -> int:
            return guarded(lambda: run(program, "python -m program", arguments))

    A command returns its exit code; `guarded` (program.output) handles its errors.
    """

    command_class = Command
    group_class = type

    def __init__(self, *arguments: Any, **named: Any) -> None:
        named.setdefault("context_settings", HELP)
        super().__init__(*arguments, **named)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names in the order of definition, which is the order of use; click would sort them."""
        return list(self.commands)


class Value(click.ParamType[Any]):
    """The type of an option with a parser, which raises click.BadParameter."""

    def __init__(self, read: Callable[[str], Any], name: str) -> None:
        self._read, self.name = read, name

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Any:
        """Parse a text; a default has its type already."""
        return self._read(value) if isinstance(value, str) else value


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns its exit code, 2 for wrong usage.

    click's own `main` would also catch Ctrl-C and a closed pipe: `guarded` (program.output) handles them.
    """
    try:
        with command.make_context(name, list(sys.argv[1:] if arguments is None else arguments)) as context:
            return int(command.invoke(context) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
