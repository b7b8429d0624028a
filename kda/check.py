"""What becomes of an application: every rule at every place where it applies, without Flink."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kda.applications import Application
from kda.guessing import completed
from kda.places import Place
from kda.rule import Found, Kind, Rule, Subject
from kda.rules import RULES
from kda.translation import Options, Untranslatable, translated

_WORST = (Kind.CANNOT, Kind.DECIDE, Kind.CHANGED, Kind.KEPT)
EXIT_CODES = {Kind.KEPT: 0, Kind.CHANGED: 1, Kind.DECIDE: 1, Kind.CANNOT: 2}


@dataclass(frozen=True)
class Finding:
    """A rule at a place. in_file: whether it is about what the file configures beside the SQL; pump: None for none."""

    rule: Rule
    place: Place
    text: str
    pump: str | None
    in_file: bool


@dataclass(frozen=True)
class Report:
    """The findings on an application, in the order of the file."""

    subject: Subject
    findings: tuple[Finding, ...]

    @property
    def application(self) -> Application:
        """What was checked."""
        return self.subject.application

    @cached_property
    def pumps(self) -> dict[Kind, int]:
        """How many pumps have no finding worse than this kind."""
        worst = {pump.name: Kind.KEPT for pump in self.subject.program.pumps}
        for finding in self.findings:
            if finding.pump in worst and _WORST.index(finding.rule.kind) < _WORST.index(worst[finding.pump]):
                worst[finding.pump] = finding.rule.kind
        return {kind: Counter(worst.values())[kind] for kind in reversed(_WORST)}

    @property
    def worst(self) -> Kind:
        """The kind of the worst finding; KEPT without any."""
        kinds = {finding.rule.kind for finding in self.findings}
        return next((kind for kind in _WORST if kind in kinds), Kind.KEPT)

    @property
    def exit_code(self) -> int:
        """0: nothing to decide; 1: something is changed or to decide; 2: something cannot."""
        return EXIT_CODES[self.worst]


def check(application: Application) -> Report:
    """Check an application. Raises Malformed where its SQL does not parse."""
    subject = Subject.of(application)
    findings = {_finding(one, found, application): None for one in RULES.values() for found in one.find(subject)}
    if not any(finding.rule.kind == Kind.CANNOT for finding in findings):
        findings |= {_finding(RULES["K90"], found, application): None for found in _untranslatable(subject)}
    order = sorted(findings, key=lambda finding: (finding.place, finding.rule.number))
    return Report(subject, tuple(order))


def _untranslatable(subject: Subject) -> Iterator[Found]:
    """What only the translation itself comes upon: the first of each pump. Columns that are not known are guessed."""
    if any(subject.catalog.columns(name) is None for name in subject.read):
        subject = subject.completed(completed(subject.application, subject))
    pumps = {one.name: one.statement for one in subject.program.pumps}
    refused = set[str]()
    while len(refused) < len(pumps):
        try:
            translated(subject, Options(leave_out=frozenset(refused)))
            return
        except Untranslatable as error:
            at = max(error.offset, 0)
            inside = [name for name, one in pumps.items() if one.offset <= at < one.tree.meta["end"]]
            pump = next(iter(inside), None)
            if pump is not None or not refused:  # without the refused pumps there may be nothing left to compute
                yield Found(at, error.text, pump)
            if pump is None or pump in refused:
                return
            refused.add(pump)


def _finding(rule: Rule, found: Found, application: Application) -> Finding:
    code = application.code
    place = Place(*code.file.line_column(found.at), 0, 0) if found.in_file else code.place(found.at)
    return Finding(rule, place, found.text, found.pump, found.in_file)
