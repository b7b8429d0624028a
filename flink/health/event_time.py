"""Judging the watermark: which shard keeps the minutes of all of them open.

Never by the clock: event time may run ahead of it, or faster. Subtasks are held against each other, the watermark
against the newest readings, and the later look against the earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flink.health.facts import Job, Shard, Subtask
from flink.health.findings import Finding, Level
from flink.health.progress import overdue
from flink.health.reading import IDLE, QUIET, Reading, is_quiet
from flink.health.words import listed, moment
from pipeline.job import load
from program.formats import duration

JOB = load("unicorn_summary")

DELAY = 5_000  # milliseconds that the watermark stays behind the readings (tables/readings.sql)
# Milliseconds of event time that it may lag the newest reading:
HELD = round(JOB.window().step.total_seconds() * 1000)  # while it stands still: then a row is overdue
ASTRAY = 5 * HELD  # while it moves

ZONE = 1_800_000  # milliseconds: time zones differ by so much, or by multiples of it
ZONES = 14 * 3_600_000  # and by so much at most
NEARLY = 120_000  # milliseconds to either side that still look like a time zone

HELD_BACK = "watermark-held-back"
APART = "event-time-apart"
TIME_ZONE = "time-zone"
UNTIL_MORE = "held-until-more"
OPEN = "open-windows"


def findings(reading: Reading) -> Iterator[Finding]:
    """Whether one shard keeps the windows of all of them open. Never by the clock: event time may run as it likes."""
    job = reading.job
    yield from _zones(reading)
    waiting = list(_waiting(reading)) if reading.warm() else []
    yield from waiting
    if waiting or not (reading.reads() and reading.warm()):
        return
    if job.watermark is None:
        # For 10 s from a subtask's first record on there is none, even if no shard is silent.
        if _quiet(reading) or not reading.shards or reading.reads_for_long():
            yield _held(reading, "there is no watermark yet, so no minute is closed")
        return
    marks = [subtask.watermark for subtask in job.subtasks if subtask.watermark is not None]
    times = [shard.event - DELAY for shard in reading.shards if shard.event is not None]
    lag = max([*marks, *times], default=job.watermark) - job.watermark
    stands = job.watermark == job.watermark_earlier
    if not stands and lag > ASTRAY and reading.settled() and not _catches_up(reading):
        known = [shard for shard in reading.shards if shard.event is not None]
        slow = min(known, key=lambda shard: shard.event or 0, default=None)
        yield Finding(
            Level.DEGRADED,
            APART,
            f"the watermark is {duration(lag / 1000)} of event time behind the newest readings"
            + (f"; the oldest come in on {slow.id}" if slow else ""),
            "look for a producer whose clock is slow, or fast; the minutes of all are closed by the slowest shard",
        )
    if stands and lag > HELD:
        older = _older(reading, job.watermark)
        if older:
            yield Finding(
                Level.DEGRADED,
                APART,
                f"the watermark stands still at {moment(job.watermark)}: the readings of {older} are older",
                "look for producers whose clock is slow, or was fast; older readings are late until they catch up",
            )
        elif _holders(job) or overdue(job) is None:
            yield _held(reading, f"the watermark stands still, {duration(lag / 1000)} of event time behind")


def _zones(reading: Reading) -> Iterator[Finding]:
    """Clocks that are off by what a time zone is, while their records arrive just now."""
    flowing = [shard for shard in reading.speaking if not is_quiet(shard)]
    newest = max((shard.event for shard in flowing if shard.event is not None), default=0)
    for shard in flowing:
        lag = _zone(newest - shard.event) if shard.event is not None else 0
        inner = _zone(shard.event - shard.oldest) if shard.event is not None and shard.oldest is not None else 0
        ahead = _zone(shard.ahead) if shard.ahead is not None else 0
        if lag:
            what = f"the readings of {shard.id} are {_hours(lag)} behind: a time zone?"
            do = "while they lag, either no row of any unicorn comes, or all of theirs are late"
        elif inner:
            what = f"some readings of {shard.id} are {_hours(inner)} behind: a time zone?"
            do = "they are late, and in no row"
        elif ahead:
            what = f"some readings of {shard.id} are {_hours(ahead)} ahead of their arrival: a time zone?"
            do = "they are malformed, as readings from the future would close the windows of all others"
        else:
            continue
        yield Finding(Level.DEGRADED, TIME_ZONE, what, f"let that producer send UTC; {do}")


def _zone(milliseconds: int) -> int:
    """The difference between time zones that this nearly is; 0 if it is none."""
    nearest = round(milliseconds / ZONE) * ZONE
    return nearest if abs(milliseconds - nearest) <= NEARLY and ZONE <= nearest <= ZONES else 0


def _hours(milliseconds: int) -> str:
    """5 h 00 min, as time zones are told."""
    hours, minutes = divmod(milliseconds // 60_000, 60)
    return f"{hours} h {minutes:02d} min"


def _waiting(reading: Reading) -> Iterator[Finding]:
    """Which windows stay open although all is read: the watermark moves with records only, and not in the warm-up."""
    job, records = reading.job, reading.job.records
    more_to_read = any(seconds > QUIET for seconds in reading.behind().values())
    if records is None or not records.read or records.lately != 0 or more_to_read:
        return
    if any(shard.asked and not is_quiet(shard) for shard in reading.shards):
        return  # on their way
    times = [shard.event for shard in reading.shards if shard.event is not None]
    newest = max(times, default=None)
    if job.watermark is None or _short(reading):
        yield Finding(
            Level.DEGRADED,
            UNTIL_MORE,
            f"{_windows(job.watermark, newest)} held, though all is read: the records came within 10 s after a start, "
            "or after 30 s without any, when the watermark waits for shards that it has not heard yet",
            "send one more record to each shard, or to one and wait a minute: that closes them, and nothing is lost; a "
            "producer that sends in bursts gets the rows of each with the next one",
        )
    elif newest is not None and _last(newest) > job.watermark:
        what = f"{_windows(job.watermark, newest)} open: event time moves with readings, and none has come since"
        yield Finding(Level.NOTE, OPEN, what, "nothing; the next reading that is 5 s past their end closes them")


def _short(reading: Reading) -> bool:
    """Whether a subtask has windows to close by the readings of its own shards, and has not moved its watermark."""
    known = {shard.id: shard.event for shard in reading.shards if shard.event is not None}
    for subtask in reading.job.subtasks:
        times = [known[shard] for shard in subtask.shards if shard in known]
        due = min(times, default=0) - DELAY
        if times and (subtask.watermark is None or _next(subtask.watermark) - 1 <= due):
            return True
    return False


def _windows(mark: int | None, newest: int | None) -> str:
    """The windows after the watermark up to the one of the newest reading, as far as these are known."""
    first = None if mark is None else _next(mark)
    last = None if newest is None else _last(newest)
    if first is not None and last is not None and last > first:
        return f"the windows that end from {moment(first)} to {moment(last)} are"
    if first is not None and last is not None:
        return f"the window that ends at {moment(last)} is"
    if first is not None:
        return f"the windows that end from {moment(first)} on are"
    return f"all windows up to the one that ends at {moment(last)} are" if last is not None else "all windows are"


def _next(mark: int) -> int:
    """The end of the first window that is open at this watermark, which closes one at its last millisecond."""
    return _ends(mark + 1)[0]


def _last(newest: int) -> int:
    """The end of the last window of the newest reading."""
    return _ends(newest)[-1]


def _ends(time: int) -> list[int]:
    """The ends of the windows that a time belongs to, all in milliseconds since 1970."""
    ends = JOB.window().ends(datetime.fromtimestamp(time / 1000, UTC))
    return [round(end.timestamp() * 1000) for end in ends]


def _catches_up(reading: Reading) -> bool:
    """Whether a backlog is being read, of which a subtask may be further ahead than another."""
    both = [one for one in reading.job.subtasks if one.watermark is not None and one.earlier is not None]
    apart, before = (
        max(marks, default=0) - min(marks, default=0)
        for marks in ([one.watermark or 0 for one in both], [one.earlier or 0 for one in both])
    )
    return apart < before - HELD or any(seconds > QUIET for seconds in reading.behind().values())


def _older(reading: Reading, mark: int) -> str:
    """Which shards, or else subtasks, send readings that the watermark has passed long since, as it never goes back."""
    shards = [
        shard.id
        for shard in reading.speaking
        if not is_quiet(shard) and shard.event is not None and shard.event - DELAY < mark - HELD
    ]
    subtasks = [
        f"subtask {one.index}"
        for one in reading.job.subtasks
        if one.watermark is not None and one.watermark < mark - HELD and one.watermark != one.earlier
    ]
    return listed(shards or subtasks)


def _quiet(reading: Reading) -> list[tuple[int, list[Shard]]]:
    """The silent shards that the watermark waits for, by their subtasks."""
    known = {shard.id: shard for shard in reading.shards}
    found = [(one.index, [known[id_] for id_ in one.shards if id_ in known]) for one in _holders(reading.job)]
    quiet = [(index, [shard for shard in shards if is_quiet(shard)]) for index, shards in found]
    return [(index, shards) for index, shards in quiet if shards]


def _held(reading: Reading, what: str) -> Finding:
    who = listed([f"{_silence(shards)} of subtask {index}" for index, shards in _quiet(reading)])
    holders = [f"subtask {one.index} with {listed(one.shards)}" for one in _holders(reading.job)]
    if who:
        what = f"{what}: it waits for {who}"
        do = (
            f"wait: a shard is left out {IDLE:.0f} s after its last reading, later if readings are rare, and nothing "
            "is lost; if it comes again and again, send to every shard, or merge shards"
        )
    elif holders:
        what = f"{what}: it waits for {listed(holders)}" + ("" if reading.shards else "; a shard of it may be silent")
        do = "ask again in a minute: it waits 10 s after a start or a long silence, and 60 s for a silent shard"
    else:
        what = f"{what}, and no reading subtask holds it"
        do = "see the back pressure, or wait: records are on their way"
    return Finding(Level.DEGRADED, HELD_BACK, what, do)


def _silence(shards: list[Shard]) -> str:
    """The shards, silent for so long."""
    least = min((shard.silent for shard in shards if shard.silent is not None), default=None)
    ids = listed([shard.id for shard in shards])
    return f"{ids} (silent for {'two minutes or more' if least is None else f'at least {duration(least)}'})"


def _holders(job: Job) -> list[Subtask]:
    """The subtasks that the watermark waits for: one that has fallen idle is behind it, and is not waited for."""
    reading = [subtask for subtask in job.subtasks if subtask.shards]
    exactly = [subtask for subtask in reading if subtask.watermark == job.watermark]
    return exactly or [
        subtask for subtask in reading if subtask.watermark is None or subtask.watermark < (job.watermark or 0)
    ]
