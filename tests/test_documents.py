"""The documents against the code: commands, flags, links, paths, tables and the drawing name what exists."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import yaml

from deploy import template
from java import paths
from pipeline.job import load
from tests import reference

JOB = load("unicorn_summary")
README = paths.ROOT / "README.md"
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/kda/*.md", "dashboard/*.md", "jobs/*/*.md", "pipeline/template/*.md")
    for path in paths.ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
LINKED = [*PAGES, paths.ROOT / "CHANGELOG.md"]  # its commands are those of each version
FOLLOWED = ("tutorial.md", "coming-from-kda.md")  # their commands run in tests/test_tutorial.py
README_LIMIT = 200  # lines
WIDEST = 140  # characters of a line of text; they are wrapped at 130
WRITTEN = ("docs/reference.md", "jobs/turbines/README.md", "jobs/bike_rentals/README.md")  # by programs, item by item

# The command line of each program: the pages name only its commands and flags.
PROGRAMS = {
    "benchmarks": "benchmarks.command:program",
    "consumer": "consumer.options:consumer",
    "deploy": "deploy.command:program",
    "jobs": "jobs.command:program",
    "kda": "kda.command:program",
    "local": "local.command:program",
    "producer": "producer.options:producer",
}
TOOLS = {"pytest", "ruff", "mypy", "sqlfluff"}  # third-party programs, in requirements.in
SHELL = {
    "source",
    "kill",
    "head",
    "tail",
    "cat",
    "cp",
    "touch",
    "rm",
}  # other commands that a page may have
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}) *(\S*)[^\n]*\n(.*?)^ {0,3}\1`* *$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`((?:[^`\n]|\n(?!\s*\n))+)`(?!`)")  # it may span two lines, but no empty line
ENDS = {"|", "||", "&&", "&", ";", ">", ">>", "<", "2>", ")"}

MADE = {".venv", ".cache", ".state"}  # folders made by set-up and runs
# Files that a page names without a folder, and that are not in a checkout: settings, and the dashboard's.
ELSEWHERE = {"application_properties.json", "config.json", "licenses.txt", "hour.jsonl", "archive.jsonl"}
TUTORIAL_MAKES = (
    "jobs/hello",
    "events.jsonl",
    "send.py",
)  # tests/test_tutorial.py follows that page command by command
PATH = re.compile(r"[\w.-]+(?:/[\w.*-]+)*/?")
SUFFIXES = {
    ".py",
    ".sql",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".lock",
    ".in",
    ".txt",
    ".sh",
    ".ts",
    ".java",
    ".cjs",
}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(paths.ROOT)))
each_linked = pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(paths.ROOT)))


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", text(page))


def fenced(page: Path) -> list[str]:
    """Every command line of a fenced block: all lines of an sh block, and the lines after a prompt in other blocks."""
    lines = []
    for _, language, body in FENCE.findall(text(page)):
        joined = re.sub(r"\\\n", " ", body).splitlines()
        is_shell = language in ("sh", "bash", "shell", "console")
        lines += [line.strip().removeprefix("$ ") for line in joined if is_shell or line.startswith("$ ")]
    return [line for line in lines if line and not line.startswith("#")]


def spans(page: Path) -> list[str]:
    return [span.replace("\n", " ") for span in SPAN.findall(prose(page))]


def commands(lines: Sequence[str]) -> Iterator[list[str]]:
    """The words of each single command, without redirections and comments."""
    for line in lines:
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:  # a code span that is no command, for example with an apostrophe
            continue
        command: list[str] = []
        for word in [*words, ";"]:
            if word in ENDS:
                if command:
                    yield command
                command = []
            else:
                command.append(word)


def after_make(command: list[str]) -> list[str] | None:
    """The words after `make`."""
    words = [number for number, word in enumerate(command) if "=" not in word]
    return command[words[0] + 1 :] if words and command[words[0]] == "make" else None


def after_python_m(command: list[str]) -> list[str] | None:
    """The program of a `python -m` and the words after it."""
    begin = next((n + 2 for n, (one, two) in enumerate(pairwise(command)) if "python" in one and two == "-m"), None)
    return None if begin is None else command[begin:]


def program_of(name: str) -> click.Command:
    module, _, attribute = PROGRAMS[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    assert isinstance(found, click.Command)
    return found


def chosen(command: click.Command, words: list[str]) -> tuple[click.Command, list[str]]:
    """The innermost command of the words, and the remaining words."""
    left = list(words)
    while isinstance(command, click.Group) and left and left[0] in command.commands:
        command = command.commands[left.pop(0)]
    return command, left


def refusal(program: str, words: list[str]) -> str:
    """The error of the program's own command line for these words; empty without an error."""
    command, left = chosen(program_of(program), words)
    if isinstance(command, click.Group) and left and not left[0].startswith("-"):
        return f"no command {left[0]}"
    try:
        command.make_context(program, left)
    except click.exceptions.Exit as end:  # of --help
        return f"exit code {end.exit_code}" if end.exit_code else ""
    except click.ClickException as error:
        return error.format_message()
    return ""


def unknown(program: str, words: list[str]) -> list[str]:
    """The unknown words of a command line: its subcommand, and every flag.

    For commands that a sentence names without all required arguments.
    """
    command, left = chosen(program_of(program), words)
    if isinstance(command, click.Group) and left and not left[0].startswith("-"):
        return [left[0]]
    flags = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)} | {"-h", "--help"}
    named = [word.partition("=")[0] for word in left if re.match(r"--?[a-zA-Z]", word)]
    return [flag for flag in named if flag not in flags]


def targets() -> set[str]:
    makefile = (paths.ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))


def test_readme_is_short() -> None:
    """README is short, and links each page of docs/."""
    assert len(text(README).splitlines()) <= README_LIMIT
    assert {f"docs/{page.name}" for page in PAGES if page.parent.name == "docs"} <= {
        link.partition("#")[0] for link in links(README)
    }


@each_page
def test_fenced_commands(page: Path) -> None:
    """Each command of a fenced block is valid: a target of make, or accepted by the program's command line."""
    if page.name in FOLLOWED:
        return  # they are run, on a job that they make
    for command in commands(fenced(page)):
        made, program = after_make(command), after_python_m(command)
        if program and program[0].partition(".")[0] not in TOOLS:
            assert program[0] in PROGRAMS, f"PROGRAMS above does not know python -m {program[0]}"
            assert refusal(program[0], program[1:]) == "", " ".join(command)
        assert made is not None or program or command[0] in SHELL, " ".join(command)


@each_page
def test_make_targets(page: Path) -> None:
    """Every `make X` is a target of the Makefile; `make` alone is the help. ARGS of the demo are its flags."""
    for command in commands([*fenced(page), *spans(page)]):
        words = after_make(command) or []
        assert {word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)} <= targets(), " ".join(command)
        for word in words:
            if word.startswith("ARGS=") and words[0] == "demo":
                assert refusal("local", ["demo", *shlex.split(word.removeprefix("ARGS="))]) == "", word


@each_page
def test_programs(page: Path) -> None:
    """Every `python -m PROGRAM ...` in a sentence has an existing program, subcommand and flags."""
    for command in commands(spans(page)):
        words = after_python_m(command)
        if not words or words[0].partition(".")[0] in TOOLS:
            continue
        program, *rest = words
        assert (paths.ROOT / program / "__main__.py").is_file(), f"python -m {program}"
        assert unknown(program, rest) == [], f"python -m {program} {' '.join(rest)}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_is_mentioned(program: str) -> None:
    """A program with a command line is in README, and in the table here."""
    named = [after_python_m(command) for command in commands([*fenced(README), *spans(README)])]
    assert any(words and words[0] == program for words in named)
    with_a_main = {path.parent.name for path in paths.ROOT.glob("*/__main__.py")}
    assert with_a_main <= set(PROGRAMS)


def links(page: Path) -> set[str]:
    body = SPAN.sub("", prose(page))
    inline = re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\)", body)
    references = re.findall(r"^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?", body, re.MULTILINE)
    html = re.findall(r"\b(?:src|href|srcset)=\"([^\"]+)\"", body)
    return {*inline, *references, *html}


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes from the headings."""
    headings = re.findall(r"^#{1,6} +(.+?)(?: +#+)?$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@each_linked
def test_links(page: Path) -> None:
    """Every relative link or image has a target in the project, every #anchor a heading in its page."""
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(paths.ROOT), link
        if anchor:
            assert anchor in anchors(target), link


@each_page
def test_paths(page: Path) -> None:
    """Every file or folder in backticks exists, relative to the checkout or to the page's own folder."""
    for span in spans(page):
        first = span.partition("/")[0]
        if not PATH.fullmatch(span) or first in MADE or re.search(r"(?:^|/)[A-Z]+(?:/|$)", span):
            continue  # no path, or made by a run, or with a placeholder
        if span.startswith(TUTORIAL_MAKES):
            continue
        near = [folder for folder in (paths.ROOT, page.parent) if (folder / first).exists()]
        if "/" in span and near:
            assert any(list(folder.glob(span.rstrip("/"))) for folder in near), span
        elif "/" not in span and Path(span).suffix in SUFFIXES and span not in ELSEWHERE:
            assert any(path.name == span for path in files()), span


def files() -> Iterator[Path]:
    """The files of the checkout, without those made by set-up and builds."""
    for path in paths.ROOT.iterdir():
        if path.is_file():
            yield path
        elif not path.name.startswith("."):
            yield from (found for found in path.rglob("*") if "node_modules" not in found.parts)


def test_reference() -> None:
    """docs/reference.md equals the text from the code, as `make reference` writes it."""
    assert text(reference.PAGE) == reference.page()


def test_alarms() -> None:
    """The table of alarms has each alarm of the template, by the end of its name."""
    resources = template.of(JOB).document["Resources"].values()
    names = [one["Properties"]["AlarmName"]["Fn::Sub"] for one in resources if "Alarm" in one["Type"]]
    made = {name.partition("}")[2] for name in names}
    page = text(paths.ROOT / "docs" / "operations.md")
    section = page.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(-[\w-]+)` \|", section, re.MULTILINE)) == made
    assert made


def test_drawing() -> None:
    """The drawing of the views has each arrow of the SQL, and no other."""
    (drawing,) = [
        body
        for _, language, body in FENCE.findall(text(paths.ROOT / "docs" / "how-it-works.md"))
        if language == "mermaid"
    ]
    drawn = set()
    for line in drawing.splitlines():
        plain = re.sub(r"\[\(.*?\)\]|--\s*\".*?\"\s*(?=-->)", "", line)
        drawn |= set(pairwise(re.split(r"\s*-->\s*", plain.strip()))) if "-->" in plain else set()
    known = {*JOB.sources, *JOB.views}
    meant = {
        (source, view)
        for view in JOB.views
        for source in re.findall(r"\b(?:FROM|JOIN|TABLE)\s+(\w+)", JOB.texts[view])
        if source in known
    }
    assert drawn == meant | {(view, sink) for sink, view in JOB.inserts.items()}


def test_hooks() -> None:
    """pre-commit runs exactly the linters of `make lint`, from the set-up's environment."""
    makefile = (paths.ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    linters = [line.strip().removeprefix("@").replace("$(PY)", ".venv/bin/python") for line in recipe.splitlines()]
    repositories = yaml.safe_load((paths.ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    hooks = [hook for repository in repositories for hook in repository["hooks"]]
    assert [hook["entry"] for hook in hooks] == linters
    assert {repository["repo"] for repository in repositories} == {"local"}
    assert {(hook["language"], hook["pass_filenames"]) for hook in hooks} == {("system", False)}


def test_workflow() -> None:
    """The workflow runs .ci/run, can only read the sources, has a time limit, and pins each action to a commit."""
    workflow = yaml.safe_load((paths.ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    assert job["timeout-minutes"] <= 90
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]) for step in job["steps"] if "uses" in step)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.lower())


@each_page
def test_requirements(page: Path) -> None:
    """A package that a page names, by version, `pip install` or its page on PyPI, is in requirements.in."""
    wanted = (paths.ROOT / "requirements.in").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([A-Za-z][\w.-]*)(?:\[[\w,]+\])?(?:==|<|>=)([\w.]+)", wanted, re.MULTILINE))
    known = {normal(name): version for name, version in pins.items()}
    named = dict(re.findall(r"\b([A-Za-z][\w.-]*)==([\w.]*\w)", text(page)))
    named |= dict.fromkeys(re.findall(r"pypi\.org/project/([\w.-]+)", text(page)), "")
    for words in commands([*fenced(page), *spans(page)]):
        if "pip" in " ".join(words[:-1]) and "install" in words:
            plain = [word for word in words[words.index("install") + 1 :] if re.fullmatch(r"[A-Za-z][\w-]*", word)]
            named |= dict.fromkeys(plain, "")
    for name, version in named.items():
        assert normal(name) in known, name
        assert version in ("", known[normal(name)]), f"{name}=={version}"


@each_linked
def test_nothing_of_one_machine(page: Path) -> None:
    """A page is valid on every machine: it has no path of a home or a work folder."""
    assert not re.search(r"(?<![\w.])/(?:home|Users|root|work)/\w", text(page))


def test_lines_of_text_are_wrapped() -> None:
    """No line of text is much wider than the others; tables, pictures and what programs wrote have their width."""
    for page in PAGES:
        if str(page.relative_to(paths.ROOT)) in WRITTEN:
            continue
        text = re.sub(r"<!-- benchmarks:.*?<!-- end -->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        lines = FENCE.sub("", text).splitlines()
        texts = [line for line in lines if not line.startswith(("|", "<", "!", "    "))]
        assert [line for line in texts if len(line) > WIDEST] == [], page
