"""The signature of a job's state. A job can resume a checkpoint only if the checkpoint has the job's signature.

Flink looks up an operator's state by the operator's place in the graph, and reads the state by its types. Flink refuses
a graph of another shape. But if MIN becomes MAX, shape and types stay the same. Then MAX would go on from the values of
MIN, without an error. So the signature holds the shape of the whole plan, and the expressions of the operators that
keep state. Any other change, such as to a message or a rule, leaves the signature as it is.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from java import paths
from pipeline.job import Job
from program import environment, processes
from program.errors import Failure

PLAN_LIMIT = 180  # seconds for Flink to plan the job; 10 s are usual
# Operators of the plan that keep no state, or (source and sink) no state that depends on their SQL.
_STATELESS = {"Calc", "Exchange", "Union", "Reused", "Sink", "TableSourceScan", "WatermarkAssigner", "Expand"}
_NODE = re.compile(r"^([ :+|-]*)(\w+)\((.*)\)((?:\(reuse_id=\[\d+\]\))?)$")
_OVER_AGGREGATE = re.compile(r"(\w+\([^()]*\)) AS w\d+\$o\d+")
_LENGTH = 12


class SignatureError(Failure):
    """Flink gives no plan, or a snapshot has another signature. The text is a sentence with the remedy."""


def signature(plan: str, most_subtasks: int | None = None) -> str:
    """The signature of a plan, as Flink's EXPLAIN prints it. Raises SignatureError without an optimised execution plan.

    most_subtasks: the job's maximum parallelism, which Flink cannot change when it restores the state.
    """
    _title, found, body = plan.partition("== Optimized Execution Plan ==\n")
    lines = [line for line in body.splitlines() if line.strip()]
    if not found or not lines:
        raise SignatureError("Flink's plan of the job has no optimised execution plan: is another version installed?")
    parts = [] if most_subtasks is None else [f"max-parallelism={most_subtasks}"]
    digest = hashlib.sha256("\n".join([*parts, *map(_essence, lines)]).encode())
    return digest.hexdigest()[:_LENGTH]


def _essence(line: str) -> str:
    match = _NODE.match(line)
    if match is None:
        return line
    indent, kind, text, reuse = match.groups()
    if kind == "Reused":
        return line
    if kind == "OverAggregate":
        # The text names every column that passes through. Only the aggregates, their keys and their order are state.
        head = text.partition("select=[")[0]
        return f"{indent}{kind}({head}{', '.join(_OVER_AGGREGATE.findall(text))}){reuse}"
    return f"{indent}{kind}{reuse}" if kind in _STATELESS else f"{indent}{kind}({text}){reuse}"


def of(job: Job, cache: Path = paths.ROOT / ".cache" / "state") -> str:
    """The signature of the job in its folder. It is cached, because planning takes 10 s.

    Raises SignatureError when Flink cannot plan the job.
    """
    known = cache / _key(job)
    if not known.is_file():
        found = signature(_plan(job), job.most_subtasks)
        cache.mkdir(parents=True, exist_ok=True)
        partial = known.with_suffix(f".{os.getpid()}")  # several processes may write it
        partial.write_text(found, encoding="utf-8")
        partial.replace(known)
    return known.read_text(encoding="utf-8")


def _key(job: Job) -> str:
    """The checksum of the plan's inputs: the SQL, the code around it, Flink's version and the functions."""
    digest = hashlib.sha256(repr(replace(job, folder=Path(job.name))).encode())  # the same job may be in any folder
    code = sorted((paths.ROOT / "pipeline").glob("*.py"))
    for file in (*code, Path(__file__), paths.ROOT / "requirements.txt"):
        digest.update(f"\n{file.relative_to(paths.ROOT)}\n".encode() + file.read_bytes())
    if paths.FUNCTIONS.is_file():
        digest.update(paths.FUNCTIONS.read_bytes())
    return digest.hexdigest()


def _plan(job: Job) -> str:
    # A process of its own, because only the plan needs a JVM.
    command = [sys.executable, "-m", "jobs", "explain", str(job.folder)]
    try:
        done = processes.finished(command, environment.plain(), PLAN_LIMIT, paths.ROOT)
    except subprocess.TimeoutExpired:
        raise SignatureError(f"Flink did not plan the job {job.name} within {PLAN_LIMIT} s.") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise SignatureError((lines or [f"Flink cannot plan the job {job.name}, and does not say why."])[-1])
    return done.stdout
