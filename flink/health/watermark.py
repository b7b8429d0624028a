"""The watermark of a job with windows: which shard holds it back, and so keeps the windows of all shards open.

The clock is never used, because event time may be ahead of the clock, or run faster. Subtasks are compared with each
other, the watermark with the newest records, and the later sample with the earlier sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors import kinesis
from flink.health.findings import QUIET, Finding, Level, Subject, is_quiet
from flink.health.flink import JobStatus, Subtask
from pipeline import references, window
from pipeline.job import Job
from pipeline.window import Window
from program.formats import duration, listed, moment

if TYPE_CHECKING:
    from flink.health.aws import Shard

IDLE = "scan.watermark.idle-timeout"
ZONE = 1_800_000  # milliseconds; time zones differ by multiples of this
ZONES = 14 * 3_600_000  # milliseconds; the largest difference between time zones
ASTRAY = 5  # a moving watermark may lag this many times as far as a watermark that stands still
NEARLY = 120_000  # milliseconds; the largest deviation from a time zone's difference

_INTERVAL = r"INTERVAL\s*'[^']*'\s*\w+(?:\s+TO\s+\w+)?"
# The end of shard_watermark(time, shard, disorder), and of a watermark with only a delay.
_BY_SHARD = re.compile(rf"shard_watermark\b.*,\s*(\w+|{_INTERVAL})\s*\)", re.IGNORECASE)
_LATE_ONLY = re.compile(rf"-\s*({_INTERVAL})", re.IGNORECASE)


@dataclass(frozen=True)
class Rules:
    """The rules of a job's watermark, by the SQL of its sources. Seconds; of several sources the longest.

    window: the job's. disorder: how far the watermark stays behind the newest record. idle: how long it waits for a
    silent shard.
    """

    window: Window
    disorder: float
    idle: float

    @property
    def delay(self) -> int:
        """The disorder in milliseconds."""
        return round(self.disorder * 1000)

    @property
    def held_by(self) -> float:
        """Seconds from the last record of a shard that falls silent until windows go on without it."""
        return 2 * self.idle

    @property
    def held(self) -> int:
        """Milliseconds of event time that a watermark may lag while it stands still. After that a row is overdue."""
        return round(self.window.step.total_seconds() * 1000)

    def next_end(self, mark: int) -> int:
        """The end of the first open window at this watermark. A window closes at its last millisecond."""
        return self._ends(mark + 1)[0]

    def last_end(self, newest: int) -> int:
        """The end of the last window of the newest record."""
        return self._ends(newest)[-1]

    def _ends(self, time: int) -> list[int]:
        """The ends of the windows that a time belongs to, all in milliseconds since 1970."""
        ends = self.window.ends(datetime.fromtimestamp(time / 1000, UTC))
        return [round(end.timestamp() * 1000) for end in ends]


def rules(job: Job) -> Rules:
    """The rules of a job with windows. Raises WindowError."""
    disorder = max(_disorder(job.texts[table]) for table in job.sources)
    idle = max(_idle(job.tables[table].options) for table in job.sources)
    return Rules(job.window(), disorder, idle)


def _disorder(table: str) -> float:
    """Seconds, by the SQL of a source; 0 if the SQL has none."""
    text = " ".join(references.tokenize(table))
    clause = text.partition("WATERMARK FOR")[2]
    if match := _BY_SHARD.search(clause):
        disorder = match[1]
        if not disorder.upper().startswith("INTERVAL"):
            column = re.search(rf"\b{disorder} AS ({_INTERVAL})", text, re.IGNORECASE)
            disorder = column[1] if column else ""
        return _seconds(disorder)
    late = _LATE_ONLY.search(clause)
    return _seconds(late[1] if late else "")


def _idle(options: Mapping[str, str]) -> float:
    """Seconds, by the options of a source's connector."""
    number, unit = re.findall(r"\d+|[a-z]+", options.get(IDLE, kinesis.SOURCE_OPTIONS[IDLE].default or ""))
    return int(number) * {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}[unit]


def _seconds(interval: str) -> float:
    return sum(window.intervals(interval), timedelta()).total_seconds()


def findings(subject: Subject) -> Iterator[Finding]:
    """Findings about shards that hold back the watermark, and about event times that are too far apart."""
    status, by = subject.status, rules(subject.declared)
    yield from _zones(subject)
    waiting = list(_waiting(subject, by)) if subject.is_warm else []
    yield from waiting
    if waiting or not (subject.reads and subject.is_warm):
        return
    if status.watermark is None:
        # While a shard was not read yet, there is no watermark, even if no shard is silent.
        if _quiet(subject) or not subject.shards or subject.reads_for_long:
            yield _held(subject, by, "there is no watermark yet, so no window is closed")
        return
    marks = [subtask.watermark for subtask in status.subtasks if subtask.watermark is not None]
    times = [time - by.delay for time in subject.times.values()]
    lag = max([*marks, *times], default=status.watermark) - status.watermark
    stands = status.watermark == status.watermark_earlier
    if not stands and lag > ASTRAY * by.held and subject.is_settled and not _catches_up(subject, by):
        slow = min(subject.times, key=subject.times.__getitem__, default=None)
        yield Finding(
            Level.DEGRADED,
            "event-time-apart",
            f"the watermark is {duration(lag / 1000)} of event time behind the newest records"
            + (f"; the oldest come in on {slow}" if slow else ""),
            "look for a producer whose clock is slow, or fast; the slowest shard closes the windows of all",
        )
    if stands and lag > by.held:
        older = _older(subject, by, status.watermark)
        if older:
            yield Finding(
                Level.DEGRADED,
                "event-time-apart",
                f"the watermark stands still at {moment(status.watermark)}: the records of {older} are older",
                "look for producers whose clock is slow, or was fast; older records are late until they catch up",
            )
        elif _holders(status) or subject.overdue is None:
            yield _held(subject, by, f"the watermark stands still, {duration(lag / 1000)} of event time behind")


def _zones(subject: Subject) -> Iterator[Finding]:
    """Producers' clocks that are off by a time zone, while their records arrive now."""
    flowing = [shard for shard in subject.speaking if not is_quiet(shard)]
    newest = max((shard.event for shard in flowing if shard.event is not None), default=0)
    for shard in flowing:
        lag = _zone(newest - shard.event) if shard.event is not None else 0
        inner = _zone(shard.event - shard.oldest) if shard.event is not None and shard.oldest is not None else 0
        ahead = _zone(shard.ahead) if shard.ahead is not None else 0
        if lag:
            what = f"the records of {shard.id} are {_hours(lag)} behind: a time zone?"
            do = "while they lag, either no row of any key comes, or all of theirs are late"
        elif inner:
            what = f"some records of {shard.id} are {_hours(inner)} behind: a time zone?"
            do = "they are late, and in no row"
        elif ahead:
            what = f"some records of {shard.id} are {_hours(ahead)} ahead of their arrival: a time zone?"
            do = "they are malformed, as records from the future would close the windows of all others"
        else:
            continue
        yield Finding(Level.DEGRADED, "time-zone", what, f"let that producer send UTC; {do}")


def _zone(milliseconds: int) -> int:
    """The time zones' difference within NEARLY of this duration; 0 if there is none."""
    nearest = round(milliseconds / ZONE) * ZONE
    return nearest if abs(milliseconds - nearest) <= NEARLY and ZONE <= nearest <= ZONES else 0


def _hours(milliseconds: int) -> str:
    """A duration as time zones are named: 5 h 00 min."""
    hours, minutes = divmod(milliseconds // 60_000, 60)
    return f"{hours} h {minutes:02d} min"


def _waiting(subject: Subject, by: Rules) -> Iterator[Finding]:
    """Windows that stay open after all records are read: only records move the watermark."""
    status, records = subject.status, subject.status.records
    if records is None or not records.read or records.lately != 0 or subject.has_more_to_read:
        return
    if any(shard.asked and not is_quiet(shard) for shard in subject.shards):
        return  # records are on their way
    newest = max(subject.times.values(), default=None)
    if status.watermark is None or _short(subject, by):
        yield Finding(
            Level.DEGRADED,
            "held-until-more",
            f"{_windows(by, status.watermark, newest)} held, though all is read: the watermark waits "
            f"{by.held_by:.0f} s for each shard that is silent",
            "ask again in a minute; if it stays so, send one more record to each shard: that closes them, and nothing "
            "is lost",
        )
    elif newest is not None and by.last_end(newest) > status.watermark:
        what = f"{_windows(by, status.watermark, newest)} open: event time moves with records, and none has come since"
        do = f"nothing; the next record that is {by.disorder:.0f} s past their end closes them"
        yield Finding(Level.NOTE, "open-windows", what, do)


def _short(subject: Subject, by: Rules) -> bool:
    """Whether the watermark has not moved, though the records of all shards would close a window."""
    due = min(subject.times.values(), default=0) - by.delay
    return bool(subject.times) and by.next_end(subject.status.watermark or 0) - 1 <= due


def _windows(by: Rules, mark: int | None, newest: int | None) -> str:
    """The windows after the watermark, up to the newest record's window, as far as both are known."""
    first = None if mark is None else by.next_end(mark)
    last = None if newest is None else by.last_end(newest)
    if first is not None and last is not None and last > first:
        return f"the windows that end from {moment(first)} to {moment(last)} are"
    if first is not None and last is not None:
        return f"the window that ends at {moment(last)} is"
    if first is not None:
        return f"the windows that end from {moment(first)} on are"
    return f"all windows up to the one that ends at {moment(last)} are" if last is not None else "all windows are"


def _catches_up(subject: Subject, by: Rules) -> bool:
    """Whether the job reads a backlog, in which a subtask may be further ahead than another."""
    both = [one for one in subject.status.subtasks if one.watermark is not None and one.earlier is not None]
    apart, before = (
        max(marks, default=0) - min(marks, default=0)
        for marks in ([one.watermark or 0 for one in both], [one.earlier or 0 for one in both])
    )
    return apart < before - by.held or subject.has_more_to_read


def _older(subject: Subject, by: Rules, mark: int) -> str:
    """The shards, or else subtasks, with records that the watermark passed long ago, as it never goes back."""
    shards = [
        shard.id
        for shard in subject.speaking
        if not is_quiet(shard) and shard.event is not None and shard.event - by.delay < mark - by.held
    ]
    subtasks = [
        str(one)
        for one in subject.status.subtasks
        if one.watermark is not None and one.watermark < mark - by.held and one.watermark != one.earlier
    ]
    return listed(shards or subtasks)


def _quiet(subject: Subject) -> list[tuple[Subtask, list[Shard]]]:
    """The silent shards that the watermark waits for, with their subtasks."""
    known = {shard.id: shard for shard in subject.shards}
    found = [(one, [known[id_] for id_ in one.shards if id_ in known]) for one in _holders(subject.status)]
    quiet = [(one, [shard for shard in shards if is_quiet(shard)]) for one, shards in found]
    return [(one, shards) for one, shards in quiet if shards]


def _held(subject: Subject, by: Rules, what: str) -> Finding:
    who = listed([f"{_silence(shards)} of {one}" for one, shards in _quiet(subject)])
    holders = [f"{one} with {listed(one.shards)}" for one in _holders(subject.status)]
    if who:
        what = f"{what}: it waits for {who}"
        do = (
            f"wait: windows go on without a shard {by.held_by:.0f} s after its last record, and nothing is lost; if it "
            "comes again and again, send to every shard, or merge shards"
        )
    elif holders:
        what = f"{what}: it waits for {listed(holders)}" + ("" if subject.shards else "; a shard of it may be silent")
        do = (
            f"ask again in a minute: it waits {by.held_by:.0f} s for a silent shard, and for a shard whose calls fail "
            "as long as they do"
        )
    else:
        what = f"{what}, and no shard that is read holds it"
        do = (
            "see the back pressure, or wait: records are on their way; if it stays so, the JobManager's log says which "
            "shard's children the service has not listed yet"
        )
    return Finding(Level.DEGRADED, "watermark-held-back", what, do)


def _silence(shards: list[Shard]) -> str:
    """The shards' names, and how long all of them have been silent."""
    least = min((shard.silent for shard in shards if shard.silent is not None), default=None)
    ids = listed([shard.id for shard in shards])
    return f"{ids} (silent for {'two minutes or more' if least is None else f'at least {duration(least)}'})"


def _holders(status: JobStatus) -> list[Subtask]:
    """The subtasks that the watermark waits for, with those of their shards that it waits for.

    It does not wait for a silent shard, which may be behind it, unless no call proves the silence any more.
    """
    behind, mark = status.behind or {}, status.watermark or 0

    def is_exactly(one: Subtask, shard: str) -> bool:
        return one.reached.get(shard) == status.watermark

    def is_unproven(one: Subtask, shard: str) -> bool:
        return one.reached.get(shard, mark - 1) < mark and behind.get(shard, 0.0) > QUIET

    known = [subtask for subtask in status.subtasks if subtask.reached]
    if found := _with_shards(known, is_exactly) or _with_shards(known, is_unproven):
        return found
    readers = [subtask for subtask in status.subtasks if subtask.shards and not subtask.reached]
    return [subtask for subtask in readers if subtask.watermark == status.watermark] or [
        subtask for subtask in readers if subtask.watermark is None or subtask.watermark < (status.watermark or 0)
    ]


def _with_shards(subtasks: list[Subtask], wanted: Callable[[Subtask, str], bool]) -> list[Subtask]:
    """The subtasks with the shards that are wanted, without those that have none."""
    chosen = [replace(one, shards=tuple(shard for shard in one.shards if wanted(one, shard))) for one in subtasks]
    return [subtask for subtask in chosen if subtask.shards]
