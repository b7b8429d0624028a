"""Command lines by click: help in sections, examples as they are written, wrong usage as one sentence."""

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

LARGEST = sys.float_info.max  # the upper limit of a number that is only to be finite
OTHER = "Other options"
HELP = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 110}
ABOVE_0 = math.ulp(0.0)  # the smallest number above 0


class Option(click.Option):
    """An option and the section of the help that shows it."""

    def __init__(self, *names: Any, section: str = OTHER, **more: Any) -> None:
        super().__init__(*names, **more)
        self.section = section


option = partial(click.option, cls=Option)


class Command(click.Command):
    """A command whose help shows its options by section, in the order of declaration, and its epilog as it stands.

    example: how it is called, a command line each, at the end of the help.
    """

    def __init__(self, *arguments: Any, example: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.example = example

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; click's own list has none."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (row := parameter.get_help_record(ctx)):
                sections.setdefault(getattr(parameter, "section", OTHER), []).append(row)
        width = max(len(names) for rows in sections.values() for names, _ in rows)
        for title, rows in sections.items():
            with formatter.section(title if len(sections) > 1 else "Options"):
                formatter.write_dl([(names.ljust(width), text) for names, text in rows])

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog without filling its lines, and the examples."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}")
        if self.example:
            with formatter.section("Example" if "\n" not in self.example else "Examples"):
                for line in self.example.splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def command(**more: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Decorate the function that turns the options of a program into its value."""
    return click.command(cls=Command, context_settings=HELP, **more)


def parse(program: click.Command, name: str, arguments: Sequence[str] | None = None) -> Any:
    """What the function of `python -m NAME` returns for these arguments, by default the process's own.

    Raises SystemExit: 2 after one sentence about a wrong argument, 0 after --help.
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
    """A reader of numbers from `least` to `most`; the description names them in the sentence about another text."""

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
    """A time from 1970 to 2999, 'yyyy-MM-dd HH:mm:ss' with or without milliseconds, in UTC."""
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
    """A name that Kinesis allows for a stream."""
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,128}", text):
        raise click.BadParameter(f"{text!r} is not a stream name: 1 to 128 letters, digits, '_', '.' or '-' (no ARN)")
    return text


def url(text: str) -> str:
    """An http or https address. The sentence about another text does not repeat it: it may hold a password."""
    if is_http(text) and not re.search(r"\s", text):
        return text
    raise click.BadParameter("not an address like http://127.0.0.1:4566")


def not_empty(text: str) -> str:
    """Any text but the empty one."""
    if not text:
        raise click.BadParameter("is empty")
    return text


class Group(click.Group):
    """A group of commands, in the order of their definition. Each shows its defaults, as wide as the terminal.

        @click.group(cls=Group)
        def program() -> None: ...

        @program.command(example="python -m program greet Bree")
        @click.argument("name")
        def greet(name: str) -> int: ...

        def main(arguments: Sequence[str] | None = None) -> int:
            return guarded(lambda: run(program, "python -m program", arguments))

    A command returns its exit code; what it raises is program.output's.
    """

    command_class = Command
    group_class = type

    def __init__(self, *arguments: Any, **named: Any) -> None:
        named.setdefault("context_settings", HELP)
        super().__init__(*arguments, **named)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """As they stand in the program: in the order in which people need them."""
        return list(self.commands)


class Value(click.ParamType[Any]):
    """An option's value by a function that raises click.BadParameter, with a sentence, for what it cannot be."""

    def __init__(self, read: Callable[[str], Any], name: str) -> None:
        self._read, self.name = read, name

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Any:
        """The value; a default is one already."""
        return self._read(value) if isinstance(value, str) else value


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line; its exit code, 2 for wrong usage.

    click's own `main` would also catch Ctrl-C and a reader that has gone, which are program.output's.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with command.make_context(name, given) as context:
            return int(command.invoke(context) or 0)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
