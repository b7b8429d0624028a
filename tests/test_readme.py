"""README against the code: its commands, flags, links and tables name what exists."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from urllib.parse import unquote

import click
import pytest

from java import lib
from pipeline import settings

README = lib.ROOT / "README.md"
# Each program's own command line: what it does not know, README must not name.
PARSERS = {
    "consumer": "consumer.options:consumer",
    "deploy": "deploy.command:program",
    "jobs": "jobs.__main__:parser",
    "local": "local.command:program",
    "producer": "producer.options:producer",
}
TOOLS = {"pytest", "ruff", "mypy", "sqlfluff"}  # programs of others, in requirements.in
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}) *(\S*)[^\n]*\n(.*?)^ {0,3}\1`* *$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`((?:[^`\n]|\n(?!\s*\n))+)`(?!`)")  # it may go on in the next line, not over an empty one
ENDS = {"|", "||", "&&", "&", ";", ">", ">>", "<", "2>", ")"}


def text() -> str:
    assert README.is_file(), "there is no README.md"
    return README.read_text(encoding="utf-8")


def prose() -> str:
    """README without its fenced blocks."""
    return FENCE.sub("", text())


def lines() -> list[str]:
    """Every command line: those of fenced sh blocks, continuations joined, and every code span."""
    blocks = [body for _, language, body in FENCE.findall(text()) if language in ("sh", "bash", "shell", "console")]
    joined = [line.strip() for body in blocks for line in re.sub(r"\\\n", " ", body).splitlines()]
    return [line.removeprefix("$ ") for line in joined if line] + [
        span.replace("\n", " ") for span in SPAN.findall(prose())
    ]


def commands(lines_: Sequence[str]) -> Iterator[list[str]]:
    """The words of each single command, without redirections, and without what is said behind a #."""
    for line in lines_:
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:  # a code span that is no command: an apostrophe, say
            continue
        command: list[str] = []
        for word in [*words, ";"]:
            if word in ENDS:
                if command:
                    yield command
                command = []
            else:
                command.append(word)


def found(start: Callable[[list[str]], int | None]) -> list[list[str]]:
    """All commands in which `start` finds a beginning, from there on; README must have some."""
    result = []
    for command in commands(lines()):
        begin = start(command)
        if begin is not None:
            result.append(command[begin:])
    assert result, "README names none"
    return result


def after_make(command: list[str]) -> int | None:
    words = [number for number, word in enumerate(command) if "=" not in word]
    return words[0] + 1 if words and command[words[0]] == "make" else None


def after_python_m(command: list[str]) -> int | None:
    return next((n + 2 for n, (one, two) in enumerate(pairwise(command)) if "python" in one and two == "-m"), None)


def unknown(program: str, words: list[str]) -> list[str]:
    """What the program's command line does not know among the words: its subcommand, and every flag."""
    module, _, name = PARSERS[program].partition(":")
    found = getattr(importlib.import_module(module), name)
    return unknown_to_click(found, words) if isinstance(found, click.Command) else unknown_to_argparse(found(), words)


def unknown_to_click(command: click.Command, words: list[str]) -> list[str]:
    left = list(words)
    while isinstance(command, click.Group) and left and not left[0].startswith("-"):
        if left[0] not in command.commands:
            return [left[0]]
        command = command.commands[left.pop(0)]
    flags = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)} | {"--help"}
    named = [word.partition("=")[0] for word in left if re.match(r"--?[a-zA-Z]", word)]
    return [flag for flag in named if flag not in flags]


def unknown_to_argparse(parser: argparse.ArgumentParser, words: list[str]) -> list[str]:
    strange = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) and words and not words[0].startswith("-"):
            if words[0] not in action.choices:
                return [words[0]]
            parser = action.choices[words[0]]
    for word in words:
        flag = word.partition("=")[0]
        if re.match(r"--?[a-zA-Z]", flag) and flag not in parser._option_string_actions:
            strange.append(flag)
    return strange


def targets() -> set[str]:
    makefile = (lib.ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))


def test_make_targets() -> None:
    """Every `make X` names a target of the Makefile; `make` alone is the help."""
    named = {word for words in found(after_make) for word in words if re.fullmatch(r"[a-z][a-z-]*", word)}
    assert named <= targets()
    assert "demo" in named


def test_make_arguments() -> None:
    """ARGS of `make demo` are flags of the demo."""
    for words in found(after_make):
        for word in words:
            if word.startswith("ARGS=") and words[0] == "demo":
                assert unknown("local", ["demo", *shlex.split(word.removeprefix("ARGS="))]) == [], word


def test_programs() -> None:
    """Every `python -m PROGRAM ...` names a program that exists, its subcommand and flags."""
    for program, *words in found(after_python_m):
        package = program.partition(".")[0]
        if package in TOOLS:
            continue
        assert (lib.ROOT / package / "__main__.py").is_file(), f"python -m {program}"
        assert program in PARSERS, f"PARSERS above does not know python -m {program}"
        assert unknown(program, words) == [], f"python -m {program} {' '.join(words)}"


@pytest.mark.parametrize("program", PARSERS)
def test_every_program_is_mentioned(program: str) -> None:
    """A program that has a command line has its place in README, and here."""
    assert any(words[0] == program for words in found(after_python_m))
    with_a_main = {path.parent.name for path in lib.ROOT.glob("*/__main__.py")}
    assert with_a_main <= set(PARSERS)


def links() -> set[str]:
    body = SPAN.sub("", prose())
    inline = re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\)", body)
    references = re.findall(r"^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?", body, re.MULTILINE)
    html = re.findall(r"\b(?:src|href|srcset)=\"([^\"]+)\"", body)
    return {*inline, *references, *html}


def anchors() -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#{1,6} +(.+?)(?: +#+)?$", prose(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_links() -> None:
    """Every relative link or image leads to a file of the project, every #anchor to a heading."""
    for link in links():
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        if path:
            target = (lib.ROOT / path).resolve()
            assert target.exists(), link
            assert target.is_relative_to(lib.ROOT), link
        elif anchor:
            assert anchor in anchors(), link


def settings_table() -> list[tuple[str, str, str]]:
    """The rows of the table of settings: group, setting, and what stands in the cell of the default."""
    row = re.compile(r"^\| *`([\w.]+)` *\| *`([\w.]+)` *\|([^|]*)\|(.+)\| *$")
    tables = re.findall(r"(?:^\|.*\|[ \t]*\n?)+", text(), re.MULTILINE)
    for table in tables:
        rows = [match.groups() for line in table.splitlines() if (match := row.match(line))]
        if any(cells[:2] == ("aws", "region") for cells in rows):
            assert len(rows) == len(table.splitlines()) - 2, "a row of the settings table has another form"
            assert all(cells[3].strip() for cells in rows), "a setting without a meaning"
            return [(group, setting, default.strip()) for group, setting, default, _ in rows]
    pytest.fail("README has no table of settings")


def test_settings() -> None:
    """The table of settings is the code's: all groups, all settings, all defaults, in that order."""

    def cell(default: str | None) -> str:
        if default is None:
            return "required"
        return f"`{default}`" if default else ""

    assert settings_table() == [
        (group, setting, cell(default))
        for group, known in settings.GROUPS.items()
        for setting, (default, _meaning) in known.items()
    ]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.lower())


def test_requirements() -> None:
    """A package that README names, by version, `pip install` or its page on PyPI, is in requirements.in."""
    wanted = (lib.ROOT / "requirements.in").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([A-Za-z][\w.-]*)(?:\[[\w,]+\])?(?:==|<|>=)([\w.]+)", wanted, re.MULTILINE))
    known = {normal(name): version for name, version in pins.items()}
    named = dict(re.findall(r"\b([A-Za-z][\w.-]*)==([\w.]*\w)", text()))
    named |= dict.fromkeys(re.findall(r"pypi\.org/project/([\w.-]+)", text()), "")
    for words in commands(lines()):
        if "pip" in " ".join(words[:-1]) and "install" in words:
            plain = [word for word in words[words.index("install") + 1 :] if re.fullmatch(r"[A-Za-z][\w-]*", word)]
            named |= dict.fromkeys(plain, "")
    for name, version in named.items():
        assert normal(name) in known, name
        assert version in ("", known[normal(name)]), f"{name}=={version}"


def test_nothing_of_one_machine() -> None:
    """README holds for every machine: no path of a home or a work folder."""
    assert not re.search(r"(?<![\w.])/(?:home|Users|root|work)/\w", text())
