"""Command lines: every command has a help text that ends with a valid example."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deploy import __main__ as deploy_main
from deploy import command as deploy
from java import paths
from jobs import __main__ as jobs_main
from jobs import command as jobs
from kda import __main__ as kda_main
from kda import command as kda
from local import __main__ as local_main
from local import command as local
from pipeline import binding
from pipeline.job import load
from program.command_line import Command, Group, run

PROGRAMS = {"deploy": deploy.program, "jobs": jobs.program, "kda": kda.program, "local": local.program}
MAINS = {"deploy": deploy_main.main, "jobs": jobs_main.main, "kda": kda_main.main, "local": local_main.main}


def commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command of a program with its path of names."""
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from commands(one, (*words, name))
    else:
        yield words, command


ALL = [found for name, program in PROGRAMS.items() for found in commands(program, (name,))]


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _command in ALL])
def test_the_help_ends_with_an_example(
    words: tuple[str, ...],
    command: click.Command,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The example calls this command with existing flags. Each flag's help ends with a full stop."""
    assert isinstance(command, Command)
    monkeypatch.chdir(tmp_path)
    assert MAINS[words[0]]([*words[1:], "--help"]) == 0
    shown = capsys.readouterr().out.rstrip().splitlines()
    examples = command.example.splitlines()
    assert [line.strip() for line in shown[-len(examples) :]] == [line.strip() for line in examples]
    for example in re.sub(r"\\\n\s*", " ", command.example).splitlines():
        given = shlex.split(example.partition(" > ")[0])
        for word in given:
            if re.fullmatch(r"[\w-]+\.\w+", word):
                (tmp_path / word).touch()  # a file that the reader has
        assert given[:3] == ["python", "-m", words[0]]
        assert given[3 : 2 + len(words)] == list(words[1:])
        command.make_context(" ".join(words), given[2 + len(words) :]).close()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help is not None:
            assert parameter.help.partition("  [default")[0].endswith("."), parameter.name
            assert parameter.help[0].isupper(), parameter.name


@pytest.mark.parametrize("program", PROGRAMS)
def test_wrong_command_lines_are_2(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with an error on standard error, or with the help if the command is missing."""
    assert MAINS[program](["nonsense"]) == 2
    assert "No such command 'nonsense'" in capsys.readouterr().err
    assert MAINS[program]([]) == 2
    assert f"Usage: python -m {program} " in capsys.readouterr().err


def test_a_command_is_its_exit_code_and_its_errors_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C and a closed pipe, which click would handle itself, are left to program.output."""

    @click.group(cls=Group)
    def top() -> None: ...

    @top.command()
    @click.argument("how")
    def end(how: str) -> int:
        if how == "ctrl-c":
            raise KeyboardInterrupt
        if how == "unread":
            raise BrokenPipeError
        return int(how)

    assert run(top, "top", ["end", "3"]) == 3
    for how, error in (("ctrl-c", KeyboardInterrupt), ("unread", BrokenPipeError)):
        with pytest.raises(error):
            run(top, "top", ["end", how])
    assert capsys.readouterr() == ("", "")


def test_a_new_job(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the folder as typed. An existing folder and an invalid name are refused."""
    monkeypatch.chdir(tmp_path)
    assert jobs_main.main(["new", "mine/visits"]) == 0
    assert capsys.readouterr().out == (
        "mine/visits is a job that counts events per minute.\nNext: python -m jobs test mine/visits\n"
    )
    assert jobs_main.main(["check", "mine/visits"]) == 0
    assert "visits: 1 source (events)" in capsys.readouterr().out
    assert jobs_main.main(["new", "mine/visits"]) == 2
    assert "mine/visits exists already: choose another name" in capsys.readouterr().err
    assert jobs_main.main(["new", "mine/a-b"]) == 2
    assert "'a-b' is no job's name: a letter, then up to 49 letters, digits or _" in capsys.readouterr().err


def test_a_list_with_a_job_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a job does not hide the others."""
    monkeypatch.setattr("pipeline.job.JOBS", tmp_path)
    for name, first in (("bad", b"# \xff"), ("good", b"# Counts.")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job.toml").write_bytes(first + b"\n")
    assert jobs_main.main(["list"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["bad", "\ufffd"], ["good", "Counts."]]


def test_a_file_for_several_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several sources need a folder with the records of each, by its name; a file may have an ending."""
    folder = tmp_path / "visits"
    assert jobs_main.main(["new", str(folder)]) == 0
    events = (folder / "tables" / "events.sql").read_text(encoding="utf-8")
    (folder / "tables" / "others.sql").write_text(events.replace("TABLE events", "TABLE others"), encoding="utf-8")
    checked = folder / "views" / "checked.sql"
    select = checked.read_text(encoding="utf-8")
    both = f"{select}\nUNION ALL\n{select.replace('FROM events', 'FROM others')}"
    checked.write_text(both, encoding="utf-8")
    with (folder / "job.toml").open("a", encoding="utf-8") as declaration:
        declaration.write('\n[table.others]\nconnector = "kinesis"\nstream = "others"\n')
    records = tmp_path / "records"
    records.mkdir()
    (records / "events").touch()
    capsys.readouterr()
    for given, missing in ((records, "others"), (records / "events", "events")):
        assert jobs_main.main(["run", str(folder), "--input", str(given)]) == 2
        assert capsys.readouterr().err.endswith(
            f"{given} has no {missing}: give --input {missing}=PATH, or a folder that has a file or folder for each of "
            "events and others, by its name.\n"
        )
    job = load(folder)
    others = records / "others.csv"
    others.touch()
    (records / "others.d").mkdir()  # a folder has the name as it is
    assert [binding.input_of(records, job, table) for table in job.sources] == [records / "events", others]
    (records / "others.jsonl.gz").touch()  # with two endings
    assert binding.input_of(records, job, "others") == others
    (records / "events.jsonl").touch()
    assert jobs_main.main(["run", str(folder), "--input", str(records)]) == 2
    told = f"{records} has events and events.jsonl for the source events: leave one of them.\n"
    assert capsys.readouterr().err.endswith(told)


def test_an_output_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error comes before Flink starts, not after the run."""
    records = tmp_path / "records"
    records.touch()
    for output, reason in ((records / "rows", "cannot be written (Not a directory)"), (tmp_path, "is not empty")):
        arguments = ["run", "unicorn_summary", "--input", str(records), "--output", str(output)]
        assert jobs_main.main(arguments) == 2
        assert f"--output {output} {reason}: name a" in capsys.readouterr().err


def test_arrivals_are_those_of_files(capsys: pytest.CaptureFixture[str]) -> None:
    """--arrival-step without --input is refused: what is on a stream has arrived."""
    assert jobs_main.main(["run", "unicorn_summary", "--arrival-step", "1"]) == 2
    assert "--arrival-step needs --input: the records of a stream have arrived already" in capsys.readouterr().err


@pytest.mark.parametrize("program", PROGRAMS)
def test_before_the_set_up(program: str) -> None:
    """A Python without the packages gets the advice to set up, and no stack trace."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", program, "--help"],
        cwd=paths.ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "run `make setup`" in done.stderr
    assert done.stderr.count("\n") == 1
