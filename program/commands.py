"""Command lines by click: groups and commands whose help ends with an example, and values of flags.

    @click.group(cls=Group)
    def program() -> None: ...

    @program.command(example="python -m program greet Bree")
    @click.argument("name")
    def greet(name: str) -> int: ...

    def main(arguments: Sequence[str] | None = None) -> int:
        return guarded(lambda: run(program, "python -m program", arguments))

A command returns its exit code; what it raises is program.output's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click


class Command(click.Command):
    """A command whose help ends with an example, one command line each."""

    def __init__(self, *arguments: Any, example: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.example = example

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if self.example:
            with formatter.section("Example" if "\n" not in self.example else "Examples"):
                for line in self.example.splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Group(click.Group):
    """A group of such commands. Each says its defaults, and the help is as wide as the terminal, to 100 columns."""

    command_class = Command
    group_class = type

    def __init__(self, *arguments: Any, **named: Any) -> None:
        named.setdefault("context_settings", {"show_default": True, "max_content_width": 100})
        super().__init__(*arguments, **named)


class Value(click.ParamType[Any]):
    """A flag's value by a function that raises ArgumentTypeError, with a sentence, for what it cannot be."""

    def __init__(self, read: Callable[[str], Any], name: str) -> None:
        self._read, self.name = read, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value  # a default
        try:
            return self._read(value)
        except argparse.ArgumentTypeError as error:
            self.fail(str(error), param, ctx)


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line; its exit code, 2 for a wrong one.

    click's own `main` would also catch Ctrl-C and a reader that has gone, which is program.output's to tell.
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
