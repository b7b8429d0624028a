"""An application without some of its pumps, and why one cannot be migrated."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kda.applications import Application
from kda.check import Finding, Report
from kda.nodes import AlterPump
from kda.places import Code
from kda.program import Statement, canonical
from kda.rule import Kind, Subject
from program.errors import Unusable, hint
from program.formats import listed, many


class Refused(Unusable):
    """An application that is not migrated; the text names every CANNOT that stands."""


@dataclass(frozen=True)
class Reduced:
    """An application without pumps. pumps, streams: the names of those that are not in it any more."""

    application: Application
    pumps: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()


def without(application: Application, names: Collection[str]) -> Reduced:
    """The application without these pumps, and without the streams that only they write; each place stays.

    An unquoted name is in upper case. Raises Malformed, and Unusable for a name that no pump has, for all pumps, and
    for a pump that stays and reads such a stream.
    """
    if not names:
        return Reduced(application)
    subject = Subject.of(application)
    program = subject.program
    pumps = _pumps([pump.name for pump in program.pumps], names)
    streams = _gone(subject, pumps)
    for part in subject.parts:
        for relation in part.relations:
            if relation.name in streams and part.pump.name not in pumps:
                raise Unusable(
                    f"Pump {part.pump.name} reads {relation.name}, which only pumps that are left out write. To leave "
                    f"out all that need them, add {_flags(_with_readers(subject, pumps) - pumps)}"
                )
    gone = [pump.statement for pump in program.pumps if pump.name in pumps]
    gone += [stream.statement for name, stream in program.streams.items() if name in streams]
    gone += [one for one in program.statements if isinstance(one.tree, AlterPump) and canonical(one.tree.this) in pumps]
    reduced = replace(
        application,
        code=_blanked(application.code, gone),
        outputs=tuple(one for one in application.outputs if one.stream not in streams),
    )
    return Reduced(reduced, tuple(sorted(pumps)), tuple(sorted(streams)))


def _gone(subject: Subject, pumps: Collection[str]) -> set[str]:
    """The streams that only these pumps write."""
    kept = {pump.target for pump in subject.program.pumps if pump.name not in pumps}
    return {pump.target for pump in subject.program.pumps if pump.name in pumps} - kept


def _with_readers(subject: Subject, pumps: Collection[str]) -> set[str]:
    """These pumps, and all that read a stream which then nobody writes."""
    found = set(pumps)
    while True:
        streams = _gone(subject, found)
        more = {part.pump.name for part in subject.parts if any(one.name in streams for one in part.relations)}
        if more <= found:
            return found
        found |= more


def _flags(pumps: Collection[str]) -> str:
    """The options that leave pumps out, for a shell."""
    return " ".join(f"--leave-out {shlex.quote(pump)}" for pump in sorted(pumps))


def _pumps(known: Sequence[str], names: Collection[str]) -> set[str]:
    found = set()
    for name in names:
        match = name if name in known else name.upper()
        if match not in known:
            raise Unusable(f"--leave-out {name}: there is no such pump{hint(name, known)}.")
        found.add(match)
    if found == set(known):
        raise Unusable("--leave-out names every pump: nothing would be computed.")
    return found


def _blanked(code: Code, statements: Sequence[Statement]) -> Code:
    """The SQL with blanks in the place of these statements; their semicolons and line breaks stay."""
    text = code.text
    ranges = [(one.offset, one.tree.meta["end"]) for one in statements]
    for begin, end in ranges:
        blank = "".join(character if character == "\n" else " " for character in text[begin:end])
        text = text[:begin] + blank + text[end:]
    inside = [set(range(*one)) for one in ranges]
    return replace(
        code,
        text=text,
        literals=frozenset(at for at in code.literals if not any(at in one for one in inside)),
        defaults=tuple(one for one in code.defaults if not any(one[0] in each for each in inside)),
    )


def require(report: Report, file: str) -> None:
    """Raise Refused if a CANNOT stands. file: the name for the message."""
    cannot = [one for one in report.findings if one.rule.kind is Kind.CANNOT]
    if cannot:
        raise Refused("\n".join(_lines(cannot, file, report.subject)))


def _lines(cannot: Sequence[Finding], file: str, subject: Subject) -> list[str]:
    has_lines = subject.application.code.has_lines
    lines = [f"{file} is not migrated, and nothing was written: {many(len(cannot), 'CANNOT')} of `kda check`."]
    for one in cannot:
        where = f"line {one.place.line}" if one.in_file or has_lines else f"SQL line {one.place.sql_line}"
        lines.append(f"  {where}  {one.rule.number} {one.text} ({one.rule.page})")
    if pumps := list(dict.fromkeys(one.pump for one in cannot if one.pump is not None)):
        gone = _with_readers(subject, pumps)
        is_all = gone == {pump.name for pump in subject.program.pumps}
        lines.append("No pump can be migrated without these." if is_all else f"To migrate the rest, add {_flags(gone)}")
    if whole := list(dict.fromkeys(one.rule.number for one in cannot if one.pump is None)):
        lines.append(f"{listed(whole)}: no pump is to blame, so the file has to be changed.")
    return lines
