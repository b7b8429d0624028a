"""`python -m jobs health`: the rules for the findings, how the facts are gathered, and both on a real job."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from consumer.records import Record
from flink import resources, rest
from flink.health import aws as far_ends
from flink.health import command, diagnosis, flink, watermark
from flink.health.aws import Aws, EventTime, Shard
from flink.health.findings import Finding, Level, Observation
from flink.health.flink import Calls, Checkpoints, Failure, JobStatus, Records, Sink, Subtask, Vertex
from flink.resources import Resource
from local import emulator, running
from local import resources as local_resources
from pipeline import settings
from pipeline.job import load
from program import formats, processes
from program.formats import moment
from program.output import guarded
from tests.emulated import job_here, producer, stage
from tests.kpl import Inner, aggregate

# A healthy job on two subtasks and four shards, observed twice, six seconds apart.

MINUTE = 60_000
NOW = 1_795_530_000_000  # event time in milliseconds; a reading at DELAY behind it is up to date
MARK = NOW - 5_000
SHARDS = tuple(f"shardId-{number:012}" for number in range(4))
CLUSTER = "http://127.0.0.1:8081"

RESOURCES = (
    Resource("readings", "stream wildrydes"),
    Resource("summary_stream", "stream wildrydes-summary"),
    Resource("error_stream", "stream wildrydes-errors"),
    Resource("sensor_data", "table UnicornSensorData"),
)
AWS = Aws(
    "stream wildrydes in us-east-1 at AWS",
    None,
    RESOURCES,
    tuple(Shard(id_, True, 0.2, NOW) for id_ in SHARDS),
    ("wildrydes",),
)
CHECKPOINTS = Checkpoints(interval=10.0, completed=30, failed=1, age=4.0, size=32_000, duration=0.3)
VERTICES = (
    Vertex("Source: readings[1] -> Calc[2]", 2, "RUNNING", back_pressured=0.0),
    Vertex("OverAggregate[6] -> LocalWindowAggregate[8]", 2, "RUNNING", (0,), 0.1, 0.0),
    Vertex(
        "GlobalWindowAggregate[10] -> (summary_stream[12]: Writer, sensor_data[13]: Writer)",
        2,
        "RUNNING",
        (1,),
        0.2,
        0.0,
    ),
    Vertex("error_stream[18]: Writer", 2, "RUNNING", (1, 0), 0.0, 0.0),
)
SUBTASKS = (
    Subtask(0, SHARDS[2:], MARK, MARK - 6_000),
    Subtask(1, SHARDS[:2], MARK, MARK - 6_000),
)
RECORDS = Records(240_000, 2_400, 2_000, 2_000, read_rate=400.0, late_rate=4.0, malformed_rate=4.0)
BEHIND = dict.fromkeys(SHARDS, 0.1)
DECLARED = load("unicorn_summary")
JOB = JobStatus(
    id="ab12",
    state="RUNNING",
    age=600.0,
    running=600.0,
    tasks=8,
    tasks_running=8,
    restarts=0,
    checkpoints=CHECKPOINTS,
    vertices=VERTICES,
    subtasks=SUBTASKS,
    streams=("wildrydes",),
    behind=BEHIND,
    behind_earlier=BEHIND,
    watermark=MARK,
    watermark_earlier=MARK - 6_000,
    records=RECORDS,
    sinks=tuple(Sink(table, 900, 900, 20, 0, 0) for table in ("summary_stream", "sensor_data", "error_stream")),
    apart=6.0,
)
HEALTHY = Observation(DECLARED, CLUSTER, datetime(2026, 11, 24, tzinfo=UTC), JOB, AWS)


def job(**changes: Any) -> Observation:
    return replace(HEALTHY, status=replace(JOB, **changes))


def shards(*changed: Shard, facts: Observation = HEALTHY) -> Observation:
    """The observation with these shards in place of the shards with the same ids."""
    new = {shard.id: shard for shard in changed}
    assert facts.aws is not None
    return replace(facts, aws=replace(facts.aws, shards=tuple(new.get(one.id, one) for one in facts.aws.shards)))


def checkpoints(**changes: Any) -> Checkpoints:
    return replace(CHECKPOINTS, **changes)


def sink(table: str, **changes: Any) -> tuple[Sink, ...]:
    return tuple(replace(one, **changes) if one.table == table else one for one in JOB.sinks)


def vertex(place: int, **changes: Any) -> tuple[Vertex, ...]:
    return tuple(replace(one, **changes) if number == place else one for number, one in enumerate(VERTICES))


def names(facts: Observation) -> list[str]:
    return [finding.name for finding in diagnosis.judge(facts)]


def found(facts: Observation, name: str) -> Finding:
    findings = diagnosis.judge(facts)
    return next(finding for finding in findings if finding.name == name)


def code(facts: Observation) -> int:
    return diagnosis.worst(diagnosis.judge(facts)).code


def test_healthy() -> None:
    """A healthy job has no finding, with or without the facts from Kinesis."""
    assert diagnosis.judge(HEALTHY) == []
    assert code(HEALTHY) == 0
    assert diagnosis.judge(replace(HEALTHY, aws=None)) == []


REFUSED = "ResourceNotFoundException: Requested resource not found (DynamoDb, 400)"
SILENT = Shard(SHARDS[3])
QUIET = Shard(SHARDS[3], True, 14.0, NOW - 4 * MINUTE)
HELD = MARK - 4 * MINUTE
HELD_JOB = {
    "watermark": HELD,
    "watermark_earlier": HELD,
    "subtasks": (Subtask(0, SHARDS[2:], HELD, HELD), SUBTASKS[1]),
}
PRESSED = (
    replace(VERTICES[0], back_pressured=0.9),
    replace(VERTICES[1], back_pressured=0.8),
    replace(VERTICES[2], busy=1.0),
    VERTICES[3],
)

# name -> (facts, level, parts of the first clause, parts of the remedy)
CASES: dict[str, tuple[Observation, Level, tuple[str, ...], tuple[str, ...]]] = {
    "no-job": (
        replace(HEALTHY, status=None),
        Level.DOWN,
        ("no job unicorn_summary", CLUSTER),
        ("--cluster", "jobs submit unicorn_summary"),
    ),
    "failed": (
        job(
            state="FAILED",
            tasks_running=0,
            restarts=4,
            failures=(Failure(30.0, "IOException: No space left on device"),),
        ),
        Level.DOWN,
        ("after 4 restarts", "30 s ago", "No space left"),
        ("make room", "last checkpoint"),
    ),
    "ended": (
        job(state="CANCELED", tasks_running=0),
        Level.DOWN,
        ("was cancelled",),
        ("last checkpoint", "jobs resume"),
    ),
    "restarting": (
        job(state="RESTARTING", tasks_running=0, restarts=9, failures=(Failure(7.2, REFUSED),)),
        Level.DOWN,
        ("after 9 restarts", "7.2 s ago", "ResourceNotFoundException"),
        ("create the stream or table",),
    ),
    "starting": (
        job(tasks_running=3, running=12.0, slots_free=0),
        Level.DOWN,
        ("3 of its 8 tasks",),
        ("no slot is free", "TaskManager"),
    ),
    "far-end": (
        replace(HEALTHY, aws=replace(AWS, resources=(*RESOURCES[:3], replace(RESOURCES[3], problem="does not exist")))),
        Level.STUCK,
        ("table UnicornSensorData does not exist",),
        ("create it",),
    ),
    "aws-unknown": (
        replace(HEALTHY, aws=Aws(AWS.where, "it does not answer")),
        Level.DEGRADED,
        ("could not be asked", "does not answer"),
        ("endpoint",),
    ),
    "other-stream": (job(streams=("horses",)), Level.DEGRADED, ("reads the stream horses",), ("--properties",)),
    "checkpoints-off": (job(checkpoints=None), Level.DEGRADED, ("off",), ("execution.checkpointing.interval",)),
    "checkpoint-failed": (
        job(checkpoints=checkpoints(failure="No space left on device")),
        Level.DEGRADED,
        ("No space left",),
        ("make room",),
    ),
    "no-checkpoint": (
        job(checkpoints=checkpoints(age=90.0)),
        Level.STUCK,
        ("9 intervals of 10 s",),
        ("/#/job/running/ab12/checkpoints",),
    ),
    "no-checkpoint-yet": (
        job(checkpoints=checkpoints(age=90.0), running=25.0, failures=(Failure(40.0, "Exception"),)),
        Level.DEGRADED,
        ("restarted 25 s ago", "90 s old"),
        ("wait for 30 s",),
    ),
    "restarts": (
        job(restarts=3, failures=tuple(Failure(ago, "ConnectException: Connection refused") for ago in (50, 60, 70))),
        Level.DEGRADED,
        ("3 restarts in the last 10 min", "Connection refused"),
        ("can be reached",),
    ),
    "sink-refused": (
        job(sinks=sink("sensor_data", refused=151, refused_lately=48)),
        Level.DEGRADED,
        ("sensor_data is being refused", "48 times in 6 s"),
        ("permissions", "throttling", "table UnicornSensorData"),
    ),
    "sink-stalled": (
        job(sinks=sink("sensor_data", given=1_000, sent=900, sent_lately=0), checkpoints=checkpoints(age=200.0)),
        Level.STUCK,
        ("no checkpoint for 3 min 20 s", "sensor_data has sent none of 100 waiting rows"),
        ("table UnicornSensorData",),
    ),
    "back-pressure": (
        job(vertices=PRESSED),
        Level.DEGRADED,
        ("wait 90% of their time for GlobalWindowAggregate[10] ... summary_stream and sensor_data", "busy for 100%"),
        ("parallelism",),
    ),
    "nothing-arrives": (
        shards(*(Shard(id_) for id_ in SHARDS)),
        Level.DEGRADED,
        ("any of 4 shards",),
        ("producers",),
    ),
    "not-reading": (
        job(records=replace(RECORDS, lately=0, read_rate=0.0, late_rate=0.0, malformed_rate=0.0)),
        Level.STUCK,
        ("arrive on 4 shards", "read none"),
        ("GetRecords",),
    ),
    "nothing-read": (
        replace(
            job(records=replace(RECORDS, lately=0, read_rate=0.0, late_rate=0.0, malformed_rate=0.0)),
            aws=None,
        ),
        Level.DEGRADED,
        ("read nothing",),
        ("--properties",),
    ),
    "reads-throttled": (
        job(calls={"wildrydes": Calls(throttled=21)}, behind=dict.fromkeys(SHARDS, 12.0)),
        Level.DEGRADED,
        ("21 throttled calls to read the stream wildrydes in 6 s", "reading may be 12 s behind"),
        ("other readers", "EFO"),
    ),
    "reads-failing": (
        job(calls={"wildrydes": Calls(denied=1, failed=2)}),
        Level.DEGRADED,
        ("3 calls to read the stream wildrydes failed in 6 s",),
        ("can be reached", "may read"),
    ),
    "unread-shards": (
        job(subtasks=(replace(SUBTASKS[0], shards=(SHARDS[2],)), SUBTASKS[1])),
        Level.DEGRADED,
        (SHARDS[3],),
        ("list the shards",),
    ),
    "too-few-subtasks": (
        job(behind={**BEHIND, SHARDS[0]: 90.0}, behind_earlier={**BEHIND, SHARDS[0]: 80.0}),
        Level.DEGRADED,
        ("1 of 4 shards read 90 s behind", "getting worse", "4 shards on 2 subtasks"),
        ("jobs stop unicorn_summary", "resume unicorn_summary --parallelism 4"),
    ),
    "behind": (
        job(
            behind={**BEHIND, SHARDS[0]: 90.0},
            behind_earlier={**BEHIND, SHARDS[0]: 99.0},
            subtasks=tuple(Subtask(n, (id_,), MARK, MARK - 6_000) for n, id_ in enumerate(SHARDS)),
        ),
        Level.DEGRADED,
        ("catching up",),
        ("wait, or stop other readers",),
    ),
    "spare-subtasks": (
        job(subtasks=(*SUBTASKS, Subtask(2))),
        Level.NOTE,
        ("1 of 3 subtasks have no shard",),
        ("parallelism 2",),
    ),
    "idle-shards": (shards(SILENT), Level.NOTE, (SHARDS[3],), ("20 s",)),
    "watermark-held-back": (
        shards(QUIET, facts=job(**HELD_JOB)),
        Level.DEGRADED,
        ("stands still, 4 min of event time behind", f"{SHARDS[3]} (silent for at least 14 s) of subtask 0"),
        ("wait", "20 s", "merge shards"),
    ),
    "event-time-apart": (
        shards(
            Shard(SHARDS[3], True, 0.1, NOW - 20 * MINUTE),
            facts=job(
                watermark=MARK - 20 * MINUTE,
                watermark_earlier=MARK - 20 * MINUTE - 6_000,
                subtasks=(
                    Subtask(0, SHARDS[2:], MARK - 20 * MINUTE, MARK - 20 * MINUTE - 6_000),
                    SUBTASKS[1],
                ),
            ),
        ),
        Level.DEGRADED,
        ("20 min of event time behind", f"oldest come in on {SHARDS[3]}"),
        ("clock",),
    ),
    "late": (
        job(records=replace(RECORDS, late_rate=48.0)),
        Level.DEGRADED,
        ("12% of the records read in the last minute are late",),
        ("stream wildrydes-errors", "clock"),
    ),
    "malformed": (
        job(records=replace(RECORDS, malformed_rate=80.0)),
        Level.DEGRADED,
        ("20%", "malformed"),
        ("stream wildrydes-errors", "format"),
    ),
    "dropped": (
        job(records=replace(RECORDS, dropped=7)),
        Level.NOTE,
        ("7 late records", "without being counted"),
        ("docs/limits.md",),
    ),
    "just-started": (job(running=6.0, age=7.0), Level.NOTE, ("6.0 s ago",), ("ask again",)),
}


# Findings with their own tests below, over many clocks and watermarks.
TIMED = {"time-zone", "held-until-more", "open-windows"}
# The findings that accompany a finding, as its cause or its other side.
ALONGSIDE = {"no-checkpoint-yet": ("restarts",), "back-pressure": ("too-few-subtasks",)}


@pytest.mark.parametrize("name", CASES)
def test_finding(name: str) -> None:
    """Each finding comes alone, with its level, a clause for the problem, and a clause for the remedy."""
    facts, level, what, remedy = CASES[name]
    finding = found(facts, name)
    assert finding.level is level
    assert all(part in finding.what for part in what), finding.what
    assert all(part in finding.remedy for part in remedy), finding.remedy
    assert names(facts) == [name, *ALONGSIDE.get(name, ())]
    assert code(facts) == level.code
    assert not finding.what.endswith(".")
    assert not finding.remedy.endswith(".")


def test_every_finding_has_a_case() -> None:
    """Every finding has a case here."""
    source = "".join(path.read_text() for path in Path(diagnosis.__file__).parent.glob("*.py"))
    written = set(re.findall(r'Finding\(\s*Level\.\w+(?: if [^,]+ else Level\.\w+)*,\s*"([a-z-]+)"', source))
    assert len(written) > 15
    assert written <= set(CASES) | TIMED
    assert written >= TIMED


def test_exit_codes() -> None:
    """0 healthy, also with notes; 1 degraded; 3 not running or stuck; the worst finding decides, and stands first."""
    assert [level.code for level in Level] == [0, 1, 3, 3]
    both = replace(CASES["no-checkpoint"][0], aws=Aws(AWS.where, "it does not answer"))
    assert names(both) == ["no-checkpoint", "aws-unknown"]
    assert code(both) == 3
    assert code(CASES["idle-shards"][0]) == 0


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (job(checkpoints=checkpoints(age=30.0)), "no-checkpoint"),
        (job(checkpoints=checkpoints(interval=5.0, age=29.0)), "no-checkpoint"),
        (job(checkpoints=checkpoints(age=50.0, duration=20.0)), "no-checkpoint"),
        (job(checkpoints=checkpoints(age=None), age=25.0, running=25.0), "no-checkpoint"),
        (job(failures=(Failure(700.0, "Exception"),)), "restarts"),
        (job(behind=dict.fromkeys(SHARDS, 59.0)), "too-few-subtasks"),
        (job(watermark_earlier=MARK), "watermark-held-back"),
        (job(records=replace(RECORDS, read_rate=1.0, late_rate=0.08)), "late"),
        (job(vertices=vertex(1, busy=1.0), running=15.0), "too-few-subtasks"),
        (job(sinks=sink("sensor_data", given=1_000, sent=900, sent_lately=0)), "sink-stalled"),
        (shards(Shard(SHARDS[3], asked=False)), "idle-shards"),
        (job(**HELD_JOB, running=15.0), "watermark-held-back"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_finding(facts: Observation, name: str) -> None:
    """A value within its bounds, or too young to be judged, gives no finding."""
    assert name not in names(facts)


def test_a_young_job_may_be_without_checkpoint_for_three_intervals_only() -> None:
    """A job without any checkpoint is judged from its submission, with or without restarts."""
    never = {"checkpoints": checkpoints(age=None, completed=0), "age": 100.0}
    assert found(job(**never), "no-checkpoint").what.startswith("no checkpoint for 10 intervals")
    loop = tuple(Failure(ago, "Exception") for ago in (10.0, 40.0, 70.0))
    assert "no-checkpoint" in names(job(**never, running=5.0, failures=loop)), "a loop of restarts is no recovery"


def test_restarts_that_are_over() -> None:
    """A restart before the last checkpoint is a note; a restart after it, or several restarts, are DEGRADED."""
    once = (Failure(50.0, "Exception"),)
    assert found(job(restarts=1, failures=once), "restarts").level is Level.NOTE
    unproven = job(restarts=1, failures=once, checkpoints=checkpoints(age=60.0, interval=60.0))
    assert found(unproven, "restarts").level is Level.DEGRADED


def test_refused_sink_that_holds_up_checkpoints() -> None:
    """If a sink blocks the checkpoints, only the sink is reported, and once."""
    facts = job(
        sinks=sink("sensor_data", refused=151, refused_lately=48),
        checkpoints=checkpoints(age=90.0, missing=(VERTICES[2].name,)),
    )
    assert names(facts) == ["sink-refused"]
    finding = found(facts, "sink-refused")
    assert finding.level is Level.STUCK
    assert finding.what.startswith("no checkpoint for 90 s: the sink sensor_data")


@pytest.mark.parametrize(
    ("changes", "what", "remedy"),
    [
        ({"failure": "Could not write: AccessDenied"}, "AccessDenied", "allow the job's role"),
        ({"failure": "IO-problem detected."}, "IO-problem", "folder of checkpoints"),
        ({"failure": "Something else"}, "Something else", "/checkpoints"),
        (
            {"failure": "Checkpoint expired before completing.", "missing": (VERTICES[2].name,)},
            "GlobalWindowAggregate[10] ... summary_stream and sensor_data has not done its part",
            "stream wildrydes-summary and the table UnicornSensorData",
        ),
        ({"missing": (VERTICES[1].name,)}, "OverAggregate[6]", "what it waits for"),
    ],
)
def test_remedy_of_a_missing_checkpoint(changes: dict[str, Any], what: str, remedy: str) -> None:
    """The remedy follows from the reason of the failure, else from the operator that delays the checkpoint."""
    finding = found(job(checkpoints=checkpoints(age=90.0, **changes)), "no-checkpoint")
    assert what in finding.what
    assert remedy in finding.remedy


def test_back_pressure_behind_a_missing_checkpoint() -> None:
    """Back pressure is the reported cause of a missing checkpoint, unless a sink gets no answers."""
    slow = job(
        vertices=(*PRESSED[:1], replace(VERTICES[1], busy=1.0), *VERTICES[2:]), checkpoints=checkpoints(age=90.0)
    )
    assert "back pressure" in found(slow, "no-checkpoint").remedy
    sinks = job(vertices=PRESSED, checkpoints=checkpoints(age=90.0, missing=(VERTICES[2].name,)))
    assert "UnicornSensorData" in found(sinks, "no-checkpoint").remedy
    assert "see why there is no checkpoint" in found(sinks, "back-pressure").remedy


def test_back_pressure_of_an_idle_sink() -> None:
    """A sink that causes back pressure but is seldom busy waits for its service."""
    facts = job(vertices=(*PRESSED[:2], replace(VERTICES[2], busy=0.1), VERTICES[3]))
    assert "throttling" in found(facts, "back-pressure").remedy


def test_busy_with_too_few_subtasks() -> None:
    """More shards than subtasks are reported only if the subtasks are fully busy."""
    assert names(job(vertices=vertex(1, busy=0.9))) == ["too-few-subtasks"]
    enough = tuple(Subtask(n, (id_,), MARK, MARK - 6_000) for n, id_ in enumerate(SHARDS))
    assert names(job(vertices=vertex(1, busy=0.9), subtasks=enough)) == []


def test_event_time_may_run_ahead_of_the_clock() -> None:
    """A watermark is compared with other readings, never with the clock: the demo's clock runs 20 times too fast."""
    ahead = 30 * 24 * 60 * MINUTE
    facts = job(
        watermark=MARK + ahead,
        watermark_earlier=MARK + ahead - 120_000,
        subtasks=tuple(replace(one, watermark=MARK + ahead, earlier=MARK + ahead - 120_000) for one in SUBTASKS),
    )
    assert diagnosis.judge(replace(facts, aws=None)) == []
    assert diagnosis.judge(shards(*(Shard(id_, True, 0.1, NOW + ahead) for id_ in SHARDS), facts=facts)) == []


def test_held_back_without_kinesis() -> None:
    """Without Kinesis the finding names the subtask, and that one of its shards may be the cause."""
    finding = found(replace(job(**HELD_JOB), aws=None), "watermark-held-back")
    assert f"subtask 0 with {SHARDS[2]} and {SHARDS[3]}; a shard of it may be silent" in finding.what


def test_held_back_on_a_single_subtask() -> None:
    """A single subtask has no other to compare with, so the readings of its shards decide."""
    facts = job(watermark=HELD, watermark_earlier=HELD, subtasks=(Subtask(0, SHARDS, HELD, HELD),))
    assert f"{SHARDS[3]} (silent" in found(shards(QUIET, facts=facts), "watermark-held-back").what


def test_the_shard_that_holds_the_watermark_is_named() -> None:
    """By the event times of shards, the job itself says which shard is waited for, and which is left out."""
    reached = {SHARDS[2]: HELD - MINUTE, SHARDS[3]: HELD}  # the first is silent and left out
    behind = Subtask(0, SHARDS[2:], HELD - MINUTE, HELD - MINUTE, reached=reached)
    ahead = Subtask(1, SHARDS[:2], MARK, MARK - 6_000, reached=dict.fromkeys(SHARDS[:2], MARK))
    facts = job(watermark=HELD, watermark_earlier=HELD, subtasks=(behind, ahead))
    what = found(replace(facts, aws=None), "watermark-held-back").what
    assert f"it waits for subtask 0 with {SHARDS[3]};" in what


def test_a_watermark_that_no_shard_holds() -> None:
    """While children of an ended shard are not listed, a silent shard that was left out is not blamed."""
    reached = {SHARDS[2]: HELD - MINUTE, SHARDS[3]: MARK}
    behind = Subtask(0, SHARDS[2:], HELD - MINUTE, HELD - MINUTE, reached=reached)
    ahead = Subtask(1, SHARDS[:2], MARK, MARK, reached=dict.fromkeys(SHARDS[:2], MARK))
    facts = shards(Shard(SHARDS[2]), facts=job(watermark=HELD, watermark_earlier=HELD, subtasks=(behind, ahead)))
    finding = found(facts, "watermark-held-back")
    assert "no shard that is read holds it" in finding.what
    assert "children" in finding.remedy
    # Its calls fail: nothing proves any more that it is silent, so it is waited for.
    unread = job(watermark=HELD, watermark_earlier=HELD, subtasks=(behind, ahead), behind={SHARDS[2]: 12.0})
    assert f"it waits for subtask 0 with {SHARDS[2]}" in found(replace(unread, aws=None), "watermark-held-back").what


def test_a_shard_without_a_record_holds_the_first_watermark() -> None:
    """No watermark is there until each shard has had a record, or was found silent."""
    reached = {SHARDS[2]: MARK}
    facts = job(
        watermark=None,
        watermark_earlier=None,
        subtasks=(Subtask(0, SHARDS[2:], MARK, MARK, reached=reached), SUBTASKS[1]),
        running=30.0,
    )
    what = found(shards(Shard(SHARDS[3]), facts=facts), "watermark-held-back").what
    assert f"it waits for {SHARDS[3]} (silent for two minutes or more) of subtask 0" in what


def test_a_few_throttled_calls_are_normal() -> None:
    """While the job keeps up, throttled calls are no reason to worry."""
    finding = found(job(calls={"wildrydes": Calls(throttled=3)}), "reads-throttled")
    assert finding.level is Level.NOTE


def test_no_watermark_yet() -> None:
    """A subtask whose shards have been silent since the start keeps the job without a watermark."""
    facts = job(watermark=None, watermark_earlier=None, subtasks=(Subtask(0, SHARDS[2:]), SUBTASKS[1]), running=30.0)
    finding = found(shards(Shard(SHARDS[2]), SILENT, facts=facts), "watermark-held-back")
    assert "no watermark yet" in finding.what
    assert f"{SHARDS[2]} and {SHARDS[3]} (silent for two minutes or more) of subtask 0" in finding.what


def test_no_watermark_in_the_first_seconds_of_reading() -> None:
    """The limit for a first watermark is 10 s from the first record, not from the start of the job."""
    none = {"watermark": None, "watermark_earlier": None, "subtasks": (Subtask(0, SHARDS[2:]), Subtask(1, SHARDS[:2]))}
    assert "watermark-held-back" not in names(job(**none, records=replace(RECORDS, read=2_000, read_rate=33.0)))
    finding = found(job(**none, records=replace(RECORDS, read=2_000, read_rate=9.0)), "watermark-held-back")
    assert "subtask 0 with" in finding.what


def test_a_subtask_left_out_is_not_waited_for() -> None:
    """A subtask that is behind the watermark holds back nothing."""
    left_out = (Subtask(0, SHARDS[2:], HELD, HELD), SUBTASKS[1])
    assert names(shards(Shard(SHARDS[2]), SILENT, facts=job(subtasks=left_out))) == ["idle-shards"]
    both = job(watermark=MARK, watermark_earlier=MARK, subtasks=left_out)
    newer = tuple(Shard(id_, True, 0.1, NOW + 5 * MINUTE) for id_ in SHARDS[:2])
    finding = found(shards(Shard(SHARDS[2]), SILENT, *newer, facts=both), "watermark-held-back")
    assert "subtask 1" in finding.what
    assert "subtask 0" not in finding.what


def test_readings_older_than_the_watermark() -> None:
    """A shard that returns with old readings holds the watermark until the shard has caught up."""
    facts = job(watermark_earlier=MARK, subtasks=tuple(replace(one, earlier=MARK) for one in SUBTASKS))
    old = Shard(SHARDS[0], True, 0.1, NOW - 30 * MINUTE)
    newer = Shard(SHARDS[3], True, 0.1, NOW + 5 * MINUTE)
    finding = found(shards(old, newer, facts=facts), "event-time-apart")
    assert f"the records of {SHARDS[0]} are older" in finding.what


def test_reading_a_backlog_is_no_matter_of_clocks() -> None:
    """In a backlog, subtasks may be far apart in event time, and converge."""
    facts = CASES["event-time-apart"][0]
    assert facts.status is not None
    behind = replace(facts.status, behind=dict.fromkeys(SHARDS, 20.0))
    assert "event-time-apart" not in names(replace(facts, status=behind))
    slow = replace(facts.status.subtasks[0], earlier=MARK - 60 * MINUTE)
    closing = replace(facts.status, subtasks=(slow, SUBTASKS[1]), watermark_earlier=MARK - 60 * MINUTE)
    assert "event-time-apart" not in names(replace(facts, status=closing))


def test_closed_shards_are_not_behind() -> None:
    """Flink keeps the last lag of a shard that is closed and read to its end; the lag is ignored."""
    assert names(job(behind={**BEHIND, "shardId-000000000009": 500.0})) == []


def test_a_sink_that_sends_is_not_stalled() -> None:
    """Rows wait in every sink for a moment: if the sink sends, a missing checkpoint has another cause."""
    waiting = sink("sensor_data", given=1_000, sent=900, sent_lately=50)
    assert names(job(sinks=waiting, checkpoints=checkpoints(age=90.0))) == ["no-checkpoint"]


def test_a_sink_that_is_not_answered_looks_busy() -> None:
    """A sink without answers looks busy, but more subtasks are not its remedy."""
    facts = job(vertices=vertex(2, busy=1.0), checkpoints=checkpoints(age=90.0, missing=(VERTICES[2].name,)))
    assert names(facts) == ["no-checkpoint"]


def test_shards_of_another_stream_say_nothing() -> None:
    """Facts of a stream that the job does not read, from wrong settings, give no finding."""
    assert names(shards(*(Shard(id_) for id_ in SHARDS), facts=job(streams=("horses",)))) == ["other-stream"]


def test_a_silent_shard_is_said_once() -> None:
    """A silent shard that holds back the watermark is reported once, as the cause and not as harmless."""
    assert names(shards(SILENT, facts=job(**HELD_JOB))) == ["watermark-held-back"]


def test_missing_table_of_a_job_that_restarts() -> None:
    """The missing table is named, before the failure that it causes."""
    restarting = job(state="RESTARTING", tasks_running=0, failures=(Failure(5.0, REFUSED),))
    facts = replace(restarting, aws=CASES["far-end"][0].aws)
    assert names(facts) == ["far-end", "restarting"]
    assert command.verdict(diagnosis.judge(facts)) == (
        "not running: the table UnicornSensorData does not exist (and 1 more)"
    )


# Other jobs: the rules follow from their SQL.


def test_what_the_sql_says_of_time() -> None:
    """Disorder, event time and the bound of the future are in the job's SQL, the idle timeout in its options."""
    rules = watermark.rules(DECLARED)
    assert (rules.delay, rules.idle, rules.held_by, rules.held) == (5_000, 10.0, 20.0, MINUTE)
    table = DECLARED.texts["readings"]
    assert far_ends.event_time(table) == EventTime("StatusTime", 10 * MINUTE)
    other = table.replace("'0 00:00:05'", "'0 00:01:30'")
    other = other.replace("INTERVAL '10' MINUTE", "INTERVAL '1' HOUR").replace("StatusTime TIMESTAMP", "At TIMESTAMP")
    patient = replace(DECLARED.tables["readings"], options={watermark.IDLE: "5 min"})
    texts, tables = {**DECLARED.texts, "readings": other}, {**DECLARED.tables, "readings": patient}
    rules = watermark.rules(replace(DECLARED, texts=texts, tables=tables))
    assert (rules.delay, rules.idle) == (90_000, 300.0)
    assert far_ends.event_time(other) == EventTime("At", 60 * MINUTE)
    plain = "CREATE TABLE readings (line BYTES, t TIMESTAMP(3), WATERMARK FOR t AS t - INTERVAL '7' SECOND)"
    rules = watermark.rules(replace(DECLARED, texts={**DECLARED.texts, "readings": plain}))
    assert (rules.delay, rules.idle) == (7_000, 10.0)
    assert far_ends.event_time(plain) == EventTime()


def test_a_job_without_windows_has_no_watermark_to_judge() -> None:
    """A job without windows has no finding on event time, and the report shows none."""
    facts = replace(shards(QUIET, facts=job(**HELD_JOB)), job=replace(DECLARED, views=("checked",)))
    assert names(facts) == []
    assert "watermark" not in dict(command.lines(facts, ""))


def test_a_job_of_several_streams() -> None:
    """With several streams, a shard is named with its stream, since each has a shard 0; a subtask with its source."""
    on = "Source__{0}[1].KinesisStreamsSource.region.us-east-1.stream.{0}.shardId"
    look = flink.Look(
        {
            "a": {f"0.{on.format('horses')}.{SHARDS[0]}.millisBehindLatest": 1500.0},
            "b": {f"0.{on.format('birds')}.{SHARDS[0]}.millisBehindLatest": 0.0},
        },
        0.0,
        names_streams=True,
    )
    sources = [
        {"id": id_, "name": f"Source: {name}[1]", "parallelism": 1} for id_, name in (("a", "horses"), ("b", "birds"))
    ]
    detail = {"vertices": sources, "plan": {"nodes": [{"id": "a"}, {"id": "b"}]}}
    assert look.behind() == {f"birds/{SHARDS[0]}": 0.0, f"horses/{SHARDS[0]}": 1.5}
    assert [(str(one), one.shards) for one in flink.subtasks(look, look, detail)] == [
        ("subtask 0 of horses", (f"horses/{SHARDS[0]}",)),
        ("subtask 0 of birds", (f"birds/{SHARDS[0]}",)),
    ]


# The report for people and the JSON for scripts.


@pytest.mark.parametrize("name", [*CASES, "healthy"])
def test_report(name: str) -> None:
    """The report has the verdict first, each finding with its remedy, no colour in a pipe, and no line cut."""
    facts = HEALTHY if name == "healthy" else CASES[name][0]
    findings = diagnosis.judge(facts)
    console = Console(record=True, width=80, force_terminal=False, file=io.StringIO())
    command.show(facts, findings, "nobody asked", console)
    text = console.export_text()
    lines = text.splitlines()
    assert lines[0] == command.verdict(findings)
    assert "\x1b" not in text
    for finding in findings:
        assert any(line.endswith(finding.what) for line in lines[1:])
        assert f"  → {finding.remedy}" in lines


def test_report_of_a_job_that_starts() -> None:
    """Records and watermarks from before a restart are not reported."""
    out = io.StringIO()
    facts = CASES["starting"][0]
    command.show(facts, diagnosis.judge(facts), "", Console(file=out))
    assert "watermark" not in out.getvalue()


def test_report_on_a_terminal() -> None:
    """Long lines wrap below their own beginning, within the width."""
    console = Console(record=True, width=80, force_terminal=True, file=io.StringIO())
    facts = CASES["watermark-held-back"][0]
    command.show(facts, diagnosis.judge(facts), "", console)
    assert max(map(len, console.export_text().splitlines())) <= 80


def test_json() -> None:
    """One object with verdict, code, findings, and the facts by their names."""
    facts = CASES["no-checkpoint"][0]
    told = json.loads(json.dumps(command.in_json(facts, diagnosis.judge(facts))))
    assert (told["verdict"], told["code"]) == ("not making progress", 3)
    assert [one["name"] for one in told["findings"]] == ["no-checkpoint"]
    assert told["facts"]["job"]["checkpoints"]["age"] == 90.0
    assert told["facts"]["aws"]["shards"][0]["id"] == SHARDS[0]


def test_quantities() -> None:
    """Quantities have units that are easy to read."""
    given = (2.71, 62, 119, 597, 10_920, 200_000, -0.1)
    assert [formats.duration(seconds) for seconds in given] == [
        "2.7 s", "62 s", "119 s", "9 min 57 s", "3 h 2 min", "2 d 7 h", "0.0 s",
    ]  # fmt: skip
    assert [formats.size(count) for count in (812, 4_200, 31_000, 5_000_000)] == [
        "812 bytes",
        "4.2 kB",
        "31.0 kB",
        "5.0 MB",
    ]
    assert formats.listed(["a", "b", "c"]) == "a, b and c"
    assert formats.listed([]) == ""
    assert formats.listed(list("abcdef")) == "a, b, c, d and 2 more"


# Gathering, against a REST API with answers as Flink gives them.

ID = "8aaa02b6435059b12b157dfde7655a8c"
SOURCE, OVER, WINDOWS, ERRORS = "cbc3", "24c2", "ac62", "6eaa"
NO_WATERMARK = "-9223372036854775808"
_ON = "Source__readings[1].KinesisStreamsSource.region.us-east-1.stream.wildrydes"
LAYOUT = {
    SOURCE: ("Source: readings[1] -> (Calc[4], Calc[14])", ()),
    OVER: ("OverAggregate[6] -> (Calc[7] -> LocalWindowAggregate[8], Calc[15] -> Calc[16])", (SOURCE,)),
    WINDOWS: (
        "GlobalWindowAggregate[10] -> Calc[11] -> (summary_stream[12]: Writer, sensor_data[13]: Writer)",
        (OVER,),
    ),
    ERRORS: ("error_stream[18]: Writer", (OVER, SOURCE)),
}
PLAN = {
    SOURCE: "[1]:TableSourceScan(...)<br/>+- [4]:Calc(select=[CASE(...) AS error_name])<br/>"
    "+- [14]:Calc(select=[CASE(...) AS ERROR_NAME, ...], where=[error_name IS NOT NULL])<br/>",
    OVER: "[6]:OverAggregate(...)<br/>:- [7]:Calc(...)<br/>"
    "+- [15]:Calc(...)<br/>   +- [16]:Calc(select=[CAST('LATE' AS VARCHAR) AS ERROR_NAME, ...])<br/>",
    WINDOWS: "[10]:GlobalWindowAggregate(...)<br/>",
    ERRORS: "error_stream[18]: Writer<br/>",
}
EARLIER = {
    SOURCE: {
        "0.Source__readings[1].numRecordsOut": "1000",
        "1.Source__readings[1].numRecordsOut": "500",
        "0.Source__readings[1].currentOutputWatermark": str(MARK - 60_000),
        "1.Source__readings[1].currentOutputWatermark": NO_WATERMARK,
        f"0.{_ON}.shardId.{SHARDS[2]}.currentWatermark": str(MARK - 60_000),
        f"1.{_ON}.shardId.{SHARDS[0]}.currentWatermark": NO_WATERMARK,
        f"0.{_ON}.numCallsThrottled": "5",
        f"1.{_ON}.numCallsThrottled": "0",
        f"0.{_ON}.numCallsFailed": "1",
    },
    OVER: {"0.currentInputWatermark": NO_WATERMARK, "1.currentInputWatermark": NO_WATERMARK},
    WINDOWS: {
        "0.sensor_data[13]__Writer.numRecordsSend": "10",
        "0.sensor_data[13]__Writer.numRecordsSendErrors": "4",
    },
    ERRORS: {},
}
LATER = {
    SOURCE: {
        "0.Source__readings[1].numRecordsOut": "1400",
        "1.Source__readings[1].numRecordsOut": "600",
        "0.Source__readings[1].numRecordsOutPerSecond": "30.5",
        "1.Source__readings[1].numRecordsOutPerSecond": "9.5",
        f"0.{_ON}.shardId.{SHARDS[2]}.millisBehindLatest": "1500",
        f"0.{_ON}.shardId.{SHARDS[3]}.millisBehindLatest": "-1",
        f"0.{_ON}.shardId.shardId-000000000009.millisBehindLatest": "-2",
        f"0.{_ON}.shardId.shardId-000000000009.currentWatermark": NO_WATERMARK,
        f"1.{_ON}.shardId.{SHARDS[0]}.millisBehindLatest": "0",
        "0.Source__readings[1].currentOutputWatermark": str(MARK - 5),
        "1.Source__readings[1].currentOutputWatermark": str(MARK - 5),
        f"0.{_ON}.shardId.{SHARDS[2]}.currentWatermark": str(MARK),
        f"0.{_ON}.shardId.{SHARDS[3]}.currentWatermark": NO_WATERMARK,
        f"1.{_ON}.shardId.{SHARDS[0]}.currentWatermark": str(MARK - 1),
        f"0.{_ON}.numCallsThrottled": "9",
        f"1.{_ON}.numCallsThrottled": "3",
        f"0.{_ON}.numCallsFailed": "1",
        "0.Calc[14].numRecordsOut": "12",
        "1.Calc[14].numRecordsOut": "8",
        "0.Calc[14].numRecordsOutPerSecond": "0.4",
        "0.busyTimeMsPerSecond": "NaN",
        "0.backPressuredTimeMsPerSecond": "2",
        "1.backPressuredTimeMsPerSecond": "700",
        "0.mailboxLatencyMs_p99": "3",
    },
    OVER: {
        "0.currentInputWatermark": str(MARK - 1),
        "1.currentInputWatermark": str(MARK - 2),
        "0.busyTimeMsPerSecond": "998.0",
        "1.busyTimeMsPerSecond": "5.0",
        "0.Calc[16].numRecordsOut": "3",
        "1.Calc[16].numRecordsOut": "4",
        "0.Calc[16].numRecordsOutPerSecond": "0.2",
    },
    WINDOWS: {
        "0.currentInputWatermark": str(MARK - 90_000),
        "0.GlobalWindowAggregate[10].numLateRecordsDropped": "2",
        "0.sensor_data[13]__Writer.numRecordsIn": "20",
        "0.sensor_data[13]__Writer.numRecordsSend": "25",
        "0.sensor_data[13]__Writer.numRecordsSendErrors": "9",
    },
    ERRORS: {},
}
TRACE = (
    "java.lang.RuntimeException: wrapped\n\tat a.B.c(B.java:1)\n"
    "Caused by: org.apache.http.conn.HttpHostConnectException: Connect to 127.0.0.1:4566 failed: Connection refused\n"
    "\t... 21 more\nCaused by: java.net.ConnectException: Connection refused\n\tat d.E.f(E.java:2)\n"
)


class FakeFlink:
    """A cluster's answers by path, with one job; `looks` are the metrics of the first and the second look."""

    def __init__(self, state: str = "RUNNING", looks: tuple[Any, Any] = (EARLIER, LATER)) -> None:
        self.looks = looks
        self.collected = 0
        self.longest = 0
        self.jobs = [self.listed(ID, state, 1_000_000)]
        counts = {"RUNNING": 2 if state == "RUNNING" else 0, "FINISHED": 0, "CANCELED": 0}
        self.answers: dict[str, Any] = {
            "/jobmanager/config": [{"key": "metrics.fetcher.update-interval", "value": "1000"}],
            "/overview": {"slots-available": 1},
            f"/jobs/{ID}": {
                "state": state,
                "start-time": 1_000_000,
                "now": 1_100_000,
                "timestamps": {"RUNNING": 1_040_000},
                "vertices": [
                    {"id": id_, "name": name, "parallelism": 2, "status": state, "tasks": counts}
                    for id_, (name, _inputs) in LAYOUT.items()
                ],
                "plan": {
                    "nodes": [
                        {"id": id_, "description": PLAN[id_], "inputs": [{"id": one} for one in inputs]}
                        for id_, (_name, inputs) in LAYOUT.items()
                    ]
                },
            },
            f"/jobs/{ID}/metrics?get=numRestarts": [{"id": "numRestarts", "value": "2"}],
            f"/jobs/{ID}/exceptions?maxExceptions=16": {
                "exceptionHistory": {"entries": [{"timestamp": 1_039_000, "stacktrace": TRACE}], "truncated": False}
            },
            f"/jobs/{ID}/checkpoints/config": {"interval": 5000},
            f"/jobs/{ID}/checkpoints": {
                "counts": {"completed": 7, "failed": 3},
                "latest": {
                    "completed": {
                        "id": 9,
                        "latest_ack_timestamp": 1_090_000,
                        "checkpointed_size": 4096,
                        "end_to_end_duration": 84,
                    },
                    "failed": {"id": 10, "failure_message": "Checkpoint expired before completing."},
                },
                "history": [{"id": 11, "status": "IN_PROGRESS"}, {"id": 10, "status": "FAILED"}],
            },
            f"/jobs/{ID}/checkpoints/details/11": {
                "tasks": {
                    id_: {"num_subtasks": 2, "num_acknowledged_subtasks": 1 if id_ == WINDOWS else 2} for id_ in LAYOUT
                }
            },
        }

    @staticmethod
    def listed(id_: str, state: str, started: int, name: str = "unicorn_summary") -> dict[str, Any]:
        return {"jid": id_, "name": name, "state": state, "start-time": started}

    def answer(self, path: str) -> Any:
        self.longest = max(self.longest, len(path))
        if path == "/jobs/overview":
            return {"jobs": self.jobs}
        if path == f"/jobs/{ID}/metrics":
            self.collected += 1
            return []
        if match := re.fullmatch(rf"/jobs/{ID}/vertices/(\w+)/metrics(?:\?get=(.*))?", path):
            values = self.looks[self.collected - 1][match[1]]
            if match[2] is None:
                return [{"id": name} for name in values]
            return [{"id": name, "value": values[name]} for name in unquote(match[2]).split(",")]
        return self.answers[path]


@contextmanager
def serving(fake: FakeFlink) -> Iterator[str]:
    """The fake cluster on a free port; its address. An unknown path is a 404, as is a line that is too long."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                body = json.dumps(fake.answer(self.path)).encode()
                self.send_response(200 if len(self.path) < 4000 else 404)
            except KeyError:
                body = b'{"errors": ["not found"]}'
                self.send_response(404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def gathered(fake: FakeFlink) -> JobStatus:
    with serving(fake) as address:
        cluster = rest.Cluster(address)
        listed = cluster.find("unicorn_summary")
        assert listed is not None
        return flink.gather(cluster, cluster.job(listed.id), DECLARED, sleep=lambda _seconds: None)


def test_gathered() -> None:
    """Every fact is read from its place in Flink's REST API, in two looks."""
    known = gathered(FakeFlink())
    assert (known.state, known.age, known.running) == ("RUNNING", 100.0, 60.0)
    assert (known.tasks, known.tasks_running, known.slots_free) == (8, 8, None)
    assert known.restarts == 2
    assert known.failures == (
        Failure(61.0, "HttpHostConnectException: Connect to 127.0.0.1:4566 failed: Connection refused"),
    )
    assert known.checkpoints == Checkpoints(
        5.0, 7, 3, 10.0, 4096, 0.084, "Checkpoint expired before completing.", (LAYOUT[WINDOWS][0],)
    )
    assert known.subtasks == (
        Subtask(0, SHARDS[2:], MARK, MARK - 60_000, reached={SHARDS[2]: MARK}),
        Subtask(1, SHARDS[:1], MARK - 1, None, reached={SHARDS[0]: MARK - 1}),
    )
    assert known.calls == {"wildrydes": Calls(throttled=7)}
    assert known.streams == ("wildrydes",)
    assert known.behind == {SHARDS[0]: 0.0, SHARDS[2]: 1.5}, "-1 is of a shard not read yet, -2 of an ended shard"
    assert known.behind_earlier is None
    assert (known.watermark, known.watermark_earlier) == (MARK - 2, None), "where the subtasks meet, not behind it"
    assert known.records == Records(2000, 500, 7, 20, 40.0, 0.2, 0.4, 2)
    by_table = {sink.table: sink for sink in known.sinks}
    assert by_table.keys() == set(DECLARED.sinks)
    assert by_table["summary_stream"] == Sink("summary_stream")
    assert by_table["sensor_data"] == Sink("sensor_data", 20, 25, 15, 9, 5)
    assert by_table["sensor_data"].waiting == 4
    assert [(one.inputs, one.busy, one.back_pressured) for one in known.vertices] == [
        ((), None, 0.7),
        ((0,), 0.998, None),
        ((1,), None, None),
        ((1, 0), None, None),
    ]


def test_restarted_between_the_looks() -> None:
    """Counts start again after a restart, so there is no rate."""
    known = gathered(FakeFlink(looks=(LATER, EARLIER)))
    assert known.records is not None
    assert (known.records.read, known.records.lately) == (1500, None)
    assert {(sink.sent_lately, sink.refused_lately) for sink in known.sinks} == {(None, None)}


def test_gathered_before_there_are_metrics() -> None:
    """A job without metrics, in its first seconds, has unknown facts, and only the finding `just-started`."""
    empty: dict[str, dict[str, str]] = {id_: {} for id_ in LAYOUT}
    known = gathered(FakeFlink(looks=(empty, empty)))
    assert known.subtasks == (Subtask(0), Subtask(1))
    assert known.records == Records()
    assert known.watermark is None
    young = replace(HEALTHY, status=replace(known, running=5.0, age=5.0, failures=()))
    young = replace(young, status=replace(young.status, checkpoints=checkpoints(age=None)))  # type: ignore[type-var]
    assert names(young) == ["just-started"]
    command.show(young, diagnosis.judge(young), "", Console(file=io.StringIO()))


def test_metrics_of_many_subtasks_are_asked_in_parts() -> None:
    """Flink refuses a request line beyond 4096 characters, which 30 subtasks would need: the metrics come in parts."""
    reading = {f"{number}.Source__readings[1].numRecordsOut": "1" for number in range(300)}
    looks = {**LATER, SOURCE: reading}
    fake = FakeFlink(looks=(looks, looks))
    assert gathered(fake).records == Records(300, 0, 7, None, None, 0.2, None, 2)
    assert fake.longest < 4000


def test_a_job_that_does_not_run_has_no_metrics() -> None:
    """The metrics of a job that is not running are from before, and are ignored."""
    fake = FakeFlink("RESTARTING")
    known = gathered(fake)
    assert (known.state, known.running, known.tasks_running, known.slots_free) == ("RESTARTING", None, 0, 1)
    assert (known.subtasks, known.records) == ((), None)
    assert names(replace(HEALTHY, status=known)) == ["restarting"]


@pytest.mark.parametrize("interval", [None, 2**63 - 1])
def test_checkpoints_off(interval: int | None) -> None:
    """Flink reports disabled checkpoints with a 404, or with the longest possible interval."""
    fake = FakeFlink()
    path = f"/jobs/{ID}/checkpoints/config"
    if interval is None:
        del fake.answers[path]
    else:
        fake.answers[path] = {"interval": interval}
    assert gathered(fake).checkpoints is None


def test_a_checkpoint_that_failed_long_since() -> None:
    """A failed checkpoint is reported until a later checkpoint is complete."""
    fake = FakeFlink()
    fake.answers[f"/jobs/{ID}/checkpoints"]["latest"]["failed"]["id"] = 8
    known = gathered(fake).checkpoints
    assert known is not None
    assert known.failure is None


@pytest.mark.parametrize(
    ("jobs", "chosen"),
    [
        ([("a", "CANCELED", 1), ("b", "RUNNING", 2), ("c", "FAILED", 3)], "b"),
        ([("a", "FAILED", 1), ("b", "CANCELED", 2)], "b"),
        ([("a", "RESTARTING", 1), ("b", "CANCELED", 2)], "a"),
        ([], None),
    ],
)
def test_chosen_job(jobs: list[tuple[str, str, int]], chosen: str | None) -> None:
    """Of several jobs with the name, the running job is chosen, else the newest; other names do not count."""
    fake = FakeFlink()
    fake.jobs = [fake.listed(*one) for one in jobs] + [fake.listed("other", "RUNNING", 9, "another_job")]
    with serving(fake) as address:
        found = rest.Cluster(address).find("unicorn_summary")
    assert (found.id if found else None) == chosen


@pytest.mark.parametrize(
    ("trace", "cause"),
    [
        (TRACE, "HttpHostConnectException: Connect to 127.0.0.1:4566 failed: Connection refused"),
        (
            "a.B: x\nCaused by: software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException: Requested "
            "resource not found (Service: DynamoDb, Status Code: 400, Request ID: 1, Extended Request ID: 2)\n\tat x",
            REFUSED,
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "OutOfMemoryError: Java heap space"),
        ("", ""),
    ],
)
def test_shortened_cause(trace: str, cause: str) -> None:
    """The innermost cause that has a message, in one line."""
    assert rest.root_cause(trace) == cause


# Gathering from Kinesis and DynamoDB.

BEGIN = datetime(2026, 11, 24, 12, tzinfo=UTC)


class FakeKinesis:
    """One shard. reads: answers of GetRecords in turn, as seconds since the arrivals and milliseconds behind."""

    def __init__(self, *reads: tuple[list[float], int] | Exception) -> None:
        self.reads = list(reads)
        self.starts: list[float] = []

    def list_shards(self, **_arguments: Any) -> dict[str, Any]:
        ranges: list[dict[str, str]] = [{"StartingSequenceNumber": "1", "EndingSequenceNumber": "2"}, {}]
        shards = [{"ShardId": name, "SequenceNumberRange": r} for name, r in zip(("old", "new"), ranges, strict=True)]
        return {"Shards": shards}

    def get_shard_iterator(self, **arguments: Any) -> dict[str, str]:
        self.starts.append((BEGIN - arguments["Timestamp"]).total_seconds())
        return {"ShardIterator": "first"}

    def get_records(self, **_arguments: Any) -> dict[str, Any]:
        read = self.reads.pop(0)
        if isinstance(read, Exception):
            raise read
        ago, behind = read
        records = [
            {
                "SequenceNumber": "1",
                "PartitionKey": "k",
                "ApproximateArrivalTimestamp": BEGIN - timedelta(seconds=seconds),
                "Data": json.dumps({"StatusTime": f"2026-11-24 11:59:{60 - int(seconds) - 1:02}"}).encode(),
            }
            for seconds in ago
        ]
        return {"Records": records, "MillisBehindLatest": behind, "NextShardIterator": "next"}


class NoWaiting:
    """A clock of its own, which records the length of each wait."""

    waited = 0.0

    def now(self) -> datetime:
        return BEGIN

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


def event(text: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-24 {text}+00:00").timestamp() * 1000)


STATUS_TIME = EventTime("StatusTime", 10 * MINUTE)
THROTTLED = ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetRecords")


@pytest.mark.parametrize(
    ("reads", "shard", "starts"),
    [
        ([([3.0, 1.0], 900)], Shard("s", True, 1.0, event("11:59:58")), [5.0]),
        ([([], 0), ([40.0, 14.0], 0)], Shard("s", True, 14.0, event("11:59:45")), [5.0, 120.0]),
        ([([], 0), ([], 0)], Shard("s"), [5.0, 120.0]),
        ([([], 0), ([], 60_000), ([14.0], 0)], Shard("s", True, 14.0, event("11:59:45")), [5.0, 120.0]),
        ([([], 0), ([50.0], 60_000), ([40.0], 9_000)], Shard("s", True, 5.0, event("11:59:19")), [5.0, 120.0]),
        ([([], 0), ([], 60_000), ([], 50_000)], Shard("s", asked=False), [5.0, 120.0]),
        ([([], 0), THROTTLED], Shard("s", asked=False), [5.0, 120.0]),
    ],
    ids=["speaks", "silent", "silent long", "further on", "more than is read", "not found", "throttled"],
)
def test_shard_asked(reads: list[Any], shard: Shard, starts: list[float]) -> None:
    """At most four reads decide whether a shard is silent; a fact that they cannot decide is left unknown."""
    fake, clock = FakeKinesis(*reads), NoWaiting()
    found_ = far_ends.Probe(fake, "wildrydes", STATUS_TIME, BEGIN, clock).look("s")  # type: ignore[arg-type]
    assert replace(found_, oldest=None) == shard
    assert fake.starts == starts
    assert not fake.reads
    assert clock.waited == pytest.approx(0.25 * (len(reads) - 1))


def test_the_times_of_a_shard() -> None:
    """The newest and the oldest of a shard's last readings, without readings from the future, which the job rejects."""
    fake = FakeKinesis(([3.0, 2.0, 1.0], 0))
    probe = far_ends.Probe(fake, "wildrydes", STATUS_TIME, BEGIN, NoWaiting())  # type: ignore[arg-type]
    records = [
        Record("s", "1", "k", BEGIN, json.dumps({"StatusTime": f"2026-11-24 {text}"}).encode())
        for text in ("07:00:01", "12:00:00", "12:09:59", "17:00:02", "x")
    ]
    told = probe.heard("s", records, 1.0)
    assert (told.oldest, told.event, told.ahead) == (event("07:00:01"), event("12:09:59"), 5 * 60 * MINUTE + 2_000)


HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("shard", "said"),
    [
        # A watermark that all wait for, or a shard whose readings are all late: the cause is the same clock.
        (
            Shard(SHARDS[3], True, 0.1, NOW - 5 * HOUR),
            f"the records of {SHARDS[3]} are 5 h 00 min behind: a time zone?",
        ),
        (Shard(SHARDS[3], True, 0.1, NOW - 5 * HOUR - 90_000), "5 h 00 min behind: a time zone?"),
        (Shard(SHARDS[3], True, 0.1, NOW - 5 * HOUR - HOUR // 2), "5 h 30 min behind: a time zone?"),
        # Two producers on one shard.
        (Shard(SHARDS[3], True, 0.1, NOW, NOW - 4 * HOUR), f"some records of {SHARDS[3]} are 4 h 00 min behind"),
        (Shard(SHARDS[3], True, 0.1, NOW, NOW, 9 * HOUR), "9 h 00 min ahead of their arrival: a time zone?"),
        # No time zone: a small lag, a lag too large, a lag between, or a record that does not arrive now.
        (Shard(SHARDS[3], True, 0.1, NOW - MINUTE), None),
        (Shard(SHARDS[3], True, 0.1, NOW - 15 * HOUR), None),
        (Shard(SHARDS[3], True, 0.1, NOW - 5 * HOUR - HOUR // 4), None),
        (Shard(SHARDS[3], True, 90.0, NOW - 5 * HOUR), None),
        (Shard(SHARDS[3], True, 0.1, None, None), None),
    ],
)
def test_a_clock_of_another_time_zone(shard: Shard, said: str | None) -> None:
    """A shard whose readings arrive now but lag by whole hours is named, whatever the lag's effect."""
    facts = shards(shard)
    told = [one for one in diagnosis.judge(facts) if one.name == "time-zone"]
    assert [said in one.what for one in told] == ([True] if said else [])
    assert all("UTC" in one.remedy for one in told)


ALL_READ = replace(RECORDS, read=27_000, lately=0, read_rate=0.0, late_rate=0.0, malformed_rate=0.0)
WARMED = {
    "records": ALL_READ,
    "watermark": None,
    "watermark_earlier": None,
    "subtasks": (Subtask(0, SHARDS[2:]), Subtask(1, SHARDS[:2])),
}


def silent_at(time: int | None, seconds: float = 30.0) -> tuple[Shard, ...]:
    return tuple(Shard(id_, True, None if time is None else seconds, time, time) for id_ in SHARDS)


def test_a_backlog_that_was_read_without_a_row() -> None:
    """If all is read without a row, the finding names the waiting windows, which one more record closes."""
    told = found(shards(*silent_at(NOW), facts=job(**WARMED)), "held-until-more")
    assert told.level is Level.DEGRADED
    assert f"all windows up to the one that ends at {moment(NOW // MINUTE * MINUTE + MINUTE)} are held" in told.what
    assert "waits 20 s for each shard that is silent" in told.what
    assert "one more record" in told.remedy
    # Old records: Kinesis does not give their times.
    assert found(shards(*silent_at(None), facts=job(**WARMED)), "held-until-more").what.startswith(
        "all windows are held"
    )
    assert found(replace(job(**WARMED), aws=None), "held-until-more").what.startswith("all windows are held")
    # In the minute after it the rate of reading is not yet 0, and nothing else explains the missing rows.
    facts = shards(*silent_at(NOW), facts=job(**{**WARMED, "records": replace(ALL_READ, read_rate=450.0)}))
    assert [name for name in names(facts) if name.startswith(("held", "watermark"))] == ["held-until-more"]


def test_a_burst_whose_rows_are_missing() -> None:
    """The windows of a burst are named while the watermark is where the previous burst left it."""
    before = NOW // MINUTE * MINUTE - 10 * MINUTE
    subtasks = (Subtask(0, SHARDS[2:], before, before), Subtask(1, SHARDS[:2], before, before))
    held = {"records": ALL_READ, "watermark": before, "watermark_earlier": before, "subtasks": subtasks}
    told = found(shards(*silent_at(NOW), facts=job(**held)), "held-until-more")
    first, last = moment(before + MINUTE), moment(NOW // MINUTE * MINUTE + MINUTE)
    assert f"the windows that end from {first} to {last} are held" in told.what
    assert "ask again in a minute" in told.remedy


def test_the_last_window_of_a_stream_that_stops_is_open() -> None:
    """The open last window of a stopped stream is normal: a note names the window."""
    mark = MARK + MINUTE // 2
    subtasks = (Subtask(0, SHARDS[2:], mark, mark), Subtask(1, SHARDS[:2], mark, mark))
    quiet = {"records": ALL_READ, "watermark": mark, "watermark_earlier": mark, "subtasks": subtasks}
    facts = shards(*silent_at(NOW + MINUTE // 2), facts=job(**quiet))
    told = found(facts, "open-windows")
    assert told.level is Level.NOTE
    assert f"the window that ends at {moment(NOW // MINUTE * MINUTE + MINUTE)} is open" in told.what
    assert "held-until-more" not in names(facts)


@pytest.mark.parametrize(
    "facts",
    [
        HEALTHY,
        job(**{**WARMED, "records": replace(ALL_READ, lately=3)}),
        job(**{**WARMED, "records": replace(ALL_READ, read=0)}),
        job(**{**WARMED, "running": 12.0}),
        job(**WARMED),  # records arrive
        shards(*silent_at(NOW), facts=job(**{**WARMED, "behind": {**BEHIND, SHARDS[0]: 40.0}})),
    ],
    ids=["flows", "read lately", "nothing read", "young", "on their way", "more to read"],
)
def test_nothing_is_held(facts: Observation) -> None:
    """While records are read, or remain to be read, windows wait only for these records."""
    assert not {"held-until-more", "open-windows"} & set(names(facts))


def test_a_table_that_cannot_take_the_rows() -> None:
    """A table with another key is named with its key, and the remedy is not to create the table."""
    problem = "has the key Name (text), StatusTime (number), not Name (text), StatusTime (text)"
    facts = replace(HEALTHY, aws=replace(AWS, resources=(*RESOURCES[:3], replace(RESOURCES[3], problem=problem))))
    told = found(facts, "far-end")
    assert (told.level, told.what) == (Level.STUCK, f"the table UnicornSensorData {problem}")
    assert "name another table" in told.remedy


def test_closed_shards_are_not_asked() -> None:
    """A closed shard gets no more records, so it is not read."""
    fake = FakeKinesis(([1.0], 0))
    found = far_ends.open_shards(fake, "wildrydes", STATUS_TIME, NoWaiting())  # type: ignore[arg-type]
    assert [one.id for one in found] == ["new"]


@pytest.mark.parametrize(
    ("data", "time"),
    [
        (b'{"StatusTime": "2026-11-24 11:59:58.5"}', event("11:59:58.500")),
        (b'{"StatusTime": "yesterday"}', None),
        (b'{"StatusTime": 12}', None),
        (b"[1]", None),
        (b"\xff", None),
    ],
)
def test_event_time(data: bytes, time: int | None) -> None:
    """A record without a valid time has no event time."""
    assert STATUS_TIME.of(data) == time


def test_event_times_within_a_record() -> None:
    """Each of several documents in a record has its event time, and so has each record of an aggregate."""
    early, late = b'{"StatusTime": "2026-11-24 11:59:10"}', b'{"StatusTime": "2026-11-24 11:59:58"}'
    for data in (early + late, aggregate([Inner("a", early), Inner("b", late)])):
        probe = far_ends.Probe(FakeKinesis(), "wildrydes", STATUS_TIME, BEGIN, NoWaiting())  # type: ignore[arg-type]
        shard = probe.heard("s", [Record("s", "1", "k", BEGIN, data)], 1.0)
        assert (shard.oldest, shard.event) == (event("11:59:10.000"), event("11:59:58.000"))


def settings_for(endpoint: str, names_: Any) -> Any:
    return settings.parse(running.application_properties(endpoint, names_))


@pytest.mark.usefixtures("credentials")
def test_aws_asked(aws: emulator.Emulator) -> None:
    """The probe returns the state of streams, table and shards, and names what is missing."""
    on = stage(aws, "health-asked", shards=3)
    kinesis, dynamodb = on.clients
    kinesis.put_record(
        StreamName=on.names.raw, PartitionKey="k", Data=b'{"StatusTime": "2026-11-24 11:59:58"}', ExplicitHashKey="0"
    )
    told = far_ends.gather(settings_for(aws.endpoint, on.names))
    assert told.problem is None
    assert [one.problem for one in told.resources] == [None] * 4
    assert [(one.id, one.silent is not None, one.event) for one in told.shards] == [
        (SHARDS[0], True, event("11:59:58")),
        (SHARDS[1], False, None),
        (SHARDS[2], False, None),
    ]
    dynamodb.delete_table(TableName=on.names.table)
    told = far_ends.gather(settings_for(aws.endpoint, replace(on.names, raw="nowhere")))
    assert [(one.table, one.problem) for one in told.resources if one.problem] == [
        ("readings", "does not exist"),
        ("sensor_data", "does not exist"),
    ]
    assert told.shards == ()
    dynamodb.create_table(  # the workshop's of 2017
        TableName=on.names.table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "Name", "KeyType": "HASH"},
            {"AttributeName": "StatusTime", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "Name", "AttributeType": "S"},
            {"AttributeName": "StatusTime", "AttributeType": "N"},
        ],
    )
    told = far_ends.gather(settings_for(aws.endpoint, on.names))
    problem = "has the key Name (text), StatusTime (number), not Name (text), StatusTime (text)"
    assert [(one.table, one.problem) for one in told.resources if one.problem] == [("sensor_data", problem)]
    with pytest.raises(processes.RunError, match=re.escape(f"table {on.names.table} at {aws.endpoint} {problem}: ")):
        resources.require(settings_for(aws.endpoint, on.names))


@pytest.mark.usefixtures("credentials")
def test_aws_does_not_answer() -> None:
    """An AWS service without an answer is a fact, not a failure."""
    told = far_ends.gather(settings_for(f"http://127.0.0.1:{processes.free_port()}", local_resources.default_names()))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ does not answer", told.problem or "")


# The command.


def run(*flags: str) -> int:
    """`python -m jobs health unicorn_summary` with these options; its exit code."""

    def ended() -> int:
        try:
            code: int = command.health.main(["unicorn_summary", *flags], standalone_mode=False)
        except click.UsageError as error:
            return error.exit_code
        return code

    return guarded(ended)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings in the environment."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)


@pytest.fixture
def credentials(keys: emulator.Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the emulator's credentials into the environment."""
    for name, value in emulator.credentials(keys).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("nowhere")
def test_command_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    """A cluster without an answer gives exit code 4, and one sentence, or one object."""
    address = f"http://127.0.0.1:{processes.free_port()}"
    assert run("--cluster", address) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert address in told.err
    assert "--cluster" in told.err
    assert told.err.count("\n") == 1
    assert run("--cluster", address, "--json") == 4
    assert json.loads(capsys.readouterr().out)["code"] == 4


@pytest.mark.usefixtures("nowhere")
def test_command_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    """An answer that is not Flink's gives the same exit code, with a sentence."""
    fake = FakeFlink()
    fake.jobs = [{"name": "unicorn_summary"}]
    with serving(fake) as address:
        assert run("--cluster", address) == 4
    assert "is not Flink's REST API" in capsys.readouterr().err


@pytest.mark.usefixtures("nowhere")
def test_command_no_job(capsys: pytest.CaptureFixture[str]) -> None:
    """A running cluster without the job gives exit code 3."""
    fake = FakeFlink()
    fake.jobs = []
    with serving(fake) as address:
        assert run("--cluster", address) == 3
        assert capsys.readouterr().out.startswith(f"not running: there is no job unicorn_summary on {address}\n")
        assert run("--cluster", address, "--json") == 3
        assert json.loads(capsys.readouterr().out)["facts"]["job"] is None


@pytest.mark.usefixtures("nowhere")
def test_command_restarting(capsys: pytest.CaptureFixture[str]) -> None:
    """Without settings Kinesis is left out, and the report says so."""
    with serving(FakeFlink("RESTARTING")) as address:
        assert run("--cluster", address + "/") == 3
    told = capsys.readouterr().out
    assert told.startswith("not running: it waits to be restarted after 2 restarts; it failed 61 s ago: HttpHost")
    assert "not asked: name the job's settings with --properties" in told


@pytest.mark.usefixtures("credentials", "nowhere")
def test_command_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Unusable settings give exit code 2 before any request; the settings of files need no Kinesis."""
    assert run("--properties", str(tmp_path / "none.json")) == 2
    assert "cannot be read" in capsys.readouterr().err
    files = tmp_path / "files.json"
    files.write_text('[{"PropertyGroupId": "files", "PropertyMap": {"input": "a", "output": "b"}}]')
    with serving(FakeFlink("RESTARTING")) as address:
        run("--cluster", address, "--properties", str(files))
        assert "not asked: the job reads files" in capsys.readouterr().out
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{processes.free_port()}")
        run("--cluster", address)
        assert "stream wildrydes in us-east-1 at http://127.0.0.1" in capsys.readouterr().out


@pytest.mark.usefixtures("nowhere")
def test_command_address(capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid cluster address is a usage error."""
    assert run("--cluster", "ftp://x") == 2
    assert "is not an address" in capsys.readouterr().err


# A real job.


@pytest.mark.usefixtures("jvm", "credentials")
def test_a_real_job(
    aws: emulator.Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two subtasks, four shards: healthy; then a silent shard holds back the windows; then the table is deleted."""
    monkeypatch.setattr(flink, "LEAST_APART", 2.0)
    on = stage(aws, "health")
    flags = ("--speed", "20", "--seed", "5", "--late", "0.01", "--malformed", "0.01")
    # Long enough to be asked while it waits.
    patient = {f"option.{watermark.IDLE}": "60 s"}
    with job_here(on, tmp_path / "job", 2, readings=patient) as running_job:
        asking = [
            "--cluster",
            running_job.address,
            "--properties",
            str(tmp_path / "job" / "application_properties.json"),
        ]

        def told() -> dict[str, Any]:
            """The report's object, at the emulator's time."""
            code = run(*asking, "--json")
            answer: dict[str, Any] = json.loads(capsys.readouterr().out)
            assert answer["code"] == code
            return answer

        many = producer(on, tmp_path / "many.jsonl", "--unicorns", "20", *flags)
        answer = until(
            told, lambda answer: answer["code"] == 0 and (answer["facts"]["job"]["watermark_earlier"] or 0) > 0
        )
        assert answer["verdict"] == "healthy"
        known = answer["facts"]["job"]
        assert [one["shards"] for one in known["subtasks"]] == [list(SHARDS[::2]), list(SHARDS[1::2])]
        assert known["watermark"] > known["watermark_earlier"]
        assert known["records"]["read"] > 500
        assert None not in (known["records"]["late"], known["records"]["malformed"])
        assert known["records"]["malformed"] > 0
        assert [one["table"] for one in known["sinks"]] == ["summary_stream", "sensor_data", "error_stream"]
        assert all(one["refused"] == 0 for one in known["sinks"])
        assert {one["silent"] is not None for one in answer["facts"]["aws"]["shards"]} == {True}
        assert run(*asking) == 0
        assert capsys.readouterr().out.startswith("healthy\n")

        processes.stop(many)
        # Newer than all readings of the many unicorns for minutes; at its own pace the reading would not stay newest.
        later = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d %H:%M:%S}"
        one = producer(on, tmp_path / "one.jsonl", "--unicorns", "1", "--start", later, *flags)
        try:
            # In the first seconds no shard has been silent long enough to be named.
            answer = until(told, lambda answer: "(silent for" in what(answer, "watermark-held-back"))
            held = what(answer, "watermark-held-back")
            assert re.search(r"it waits for shardId-\d+.* \(silent for at least .* s\) of subtask \d", held)
            assert answer["code"] >= 1
            on.clients[1].delete_table(TableName=on.names.table)
            answer = until(told, lambda answer: bool(what(answer, "far-end")))
            assert answer["code"] == 3
            assert what(answer, "far-end") == f"the table {on.names.table} does not exist"
        finally:
            processes.stop(one)


def what(answer: dict[str, Any], name: str) -> str:
    """The text of the finding with this name; empty without the finding."""
    return next((finding["what"] for finding in answer["findings"] if finding["name"] == name), "")


def until(told: Callable[[], dict[str, Any]], done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first answer that satisfies the condition."""
    deadline = time.monotonic() + 90
    answer = told()
    while not done(answer):
        assert time.monotonic() < deadline, f"not within 90 s; the last answer was {answer}"
        answer = told()
    return answer
