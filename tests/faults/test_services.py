"""AWS fails while data flows: refusals, throttling, partial failures, slowness, absence, expired iterators.

The job's AWS is a proxy with faults in front of the emulator; the producer uses the emulator itself. Each case: windows
close, the fault, the next row, everything is read, all windows close, and the comparison. With `--unprotected` the case
runs without the protection against its fault, and must fail.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flink import rest
from flink.health import command as health
from flink.health import diagnosis
from local import emulator, resources
from pipeline import settings
from program import processes
from tests import forwarding
from tests.checkout import Edit
from tests.emulated import wait_for
from tests.faults import rules
from tests.faults.trial import FLIGHT, Trial, wait_for_checkpoint

pytestmark = pytest.mark.faults
SPEED = ("--speed", "20")
NO_RESTART = Edit(
    "flink/defaults.py", '"restart-strategy.type": "exponential-delay"', '"restart-strategy.type": "none"'
)
# The source gives up at the first refusal.
IMPATIENT = Edit("java/src/kinesis/PolledShard.java", "problem.isFinal() && !mayPass(problem)", "true")
DATA = ("GetRecords", "PutRecords", "BatchWriteItem")
# Both sinks stop at the first refusal, without a retry.
FAIL_ON_ERROR = (
    Edit("connectors/kinesis.py", '"sink.fail-on-error": "false"', '"sink.fail-on-error": "true"'),
    Edit("connectors/dynamodb.py", '"sink.fail-on-error": "false"', '"sink.fail-on-error": "true"'),
)


@pytest.mark.fault("every request answered with 500 for 10 s", NO_RESTART, IMPATIENT)
def test_server_errors(trial: Trial) -> None:
    """Source and sinks retry until AWS answers: no restart.

    Unprotected: the source gives up at the first refusal, and the job is not restarted.
    """
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(rules.server_errors(*DATA)) as rule:
            time.sleep(10)
        trial.recover()
    assert rule.hits
    assert trial.finish().errors["LATE"]
    assert trial.outcome.restarts == 0


@pytest.mark.fault("two thirds of all requests throttled for 15 s", NO_RESTART, *FAIL_ON_ERROR)
def test_throttling(trial: Trial) -> None:
    """Both sinks and the source retry throttled requests: no restart.

    Unprotected: the job ends at the first refusal.
    """
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(rules.throttle(*DATA, share=0.67)) as rule:
            time.sleep(15)
        trial.recover()
    assert rule.hits > 10
    assert trial.finish().errors["LATE"]
    assert trial.outcome.restarts == 0


@pytest.mark.timeout(420)
@pytest.mark.fault("97 % of GetRecords and most of GetShardIterator throttled for two minutes", IMPATIENT)
def test_others_read_too(trial: Trial) -> None:
    """Guests of the dashboard take nearly all reads of each shard: the job waits for its turn, and never restarts.

    A fifth of the reads have an expired iterator, so that iterators are requested again and again.
    Unprotected: the source gives up at the first refusal, and the job restarts.
    """
    records = rules.throttle("GetRecords", share=0.97)
    iterators = rules.throttle("GetShardIterator", share=0.8)
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(rules.expire(share=0.2)), trial.between.fault(records), trial.between.fault(iterators):
            time.sleep(120)
        trial.recover()
    assert records.hits > 5
    assert iterators.hits > 5
    trial.finish()
    assert trial.outcome.restarts == 0


@dataclass
class FanOut(Trial):
    """A case whose job reads by enhanced fan-out.

    Its calls of Kinesis, some of which are HTTP/2, go through a port of their own instead of the proxy.
    """

    port: int = field(default_factory=processes.free_port)

    @property
    def environment(self) -> dict[str, str]:
        return self.between.environment | {"AWS_ENDPOINT_URL_KINESIS": f"http://127.0.0.1:{self.port}"}

    def properties(self) -> Path:
        """The job's settings, without an endpoint: those of the environment are used."""
        groups: dict[str, dict[str, str]] = {
            "aws": {"region": emulator.REGION},
            "readings": {"stream": self.names.raw, "reader": "EFO"},
            "summary_stream": {"stream": self.names.summary},
            "sensor_data": {"table": self.names.table},
            "error_stream": {"stream": self.names.errors},
        }
        return settings.write(self.folder, settings.document_of(resources.workshop(), groups))


@pytest.mark.fault(
    "all subscriptions of enhanced fan-out cut, four times in 28 s",
    Edit(
        "java/src/kinesis/FanOutShard.java",
        "ShardIteratorType.AFTER_SEQUENCE_NUMBER).sequenceNumber(continuation)",
        "ShardIteratorType.LATEST)",
    ),
    shards=2,
    faithful=True,
    kind=FanOut,
)
def test_subscriptions_lost(trial: FanOut) -> None:
    """The next subscription goes on after the last record that came: no restart. The sinks' connections are cut too.

    Unprotected: the next subscription begins with the next record, and those from meanwhile are lost.
    """
    with forwarding.running(trial.port, trial.kinesis_endpoint) as between:
        trial.start()
        with trial.flying("--unicorns", "10", "--late", "0.01", "--malformed", "0.01", "--speed", "10"):
            trial.wait_for_rows()
            cut = 0
            for _each in range(4):
                cut += between.cut()
                time.sleep(7)  # kinesis-mock never ends a subscription whose connection is cut before its first event
            trial.recover()
        trial.finish()
    assert cut > 8
    assert trial.outcome.restarts == 0


@pytest.mark.fault("half of each batch refused for 20 s")
def test_partial_failures(trial: Trial) -> None:
    """Both sinks send again exactly the records and items that the answer refuses.

    Unprotected: the proxy answers that all were accepted, as for a client that ignores the answer. The comparison
    reports the missing rows and errors.
    """
    trial.start()
    fault = rules.swallow if trial.is_unprotected else rules.partial
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(fault("PutRecords", "BatchWriteItem")) as rule:
            time.sleep(20)
        trial.recover()
    assert rule.withheld > 20
    trial.finish()


@pytest.mark.fault(
    "every answer takes 4 s for 20 s",
    NO_RESTART,
    *FAIL_ON_ERROR,
    Edit("connectors/kinesis.py", '"sink.flush-buffer.timeout": "500",', '"sink.http-client.read-timeout": "500",'),
)
def test_slow_answers(trial: Trial) -> None:
    """The clients wait long enough for the answers, and the job continues meanwhile: no restart.

    Unprotected: the clients wait for half a second, and the job ends at the first refusal.
    """
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(rules.slow_answer(4, *DATA)) as rule:
            time.sleep(20)
        trial.recover()
    assert rule.hits
    trial.finish()
    assert trial.outcome.restarts == 0


@pytest.mark.fault("answers to writes lost for 10 s, though they were carried out", NO_RESTART, *FAIL_ON_ERROR)
def test_lost_answers(trial: Trial) -> None:
    """The sinks send requests without an answer again: they are written twice, with the same content and key.

    Unprotected: the job ends at the first lost answer.
    """
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(rules.lose_answer("PutRecords", "BatchWriteItem", share=0.7)) as rule:
            time.sleep(10)
        trial.recover()
    assert rule.hits
    assert trial.finish().repeated, "the same rows or errors were written twice, and counted once"


@pytest.mark.fault("AWS gone for 30 s and back", NO_RESTART)
def test_gone(trial: Trial) -> None:
    """The port refuses connections, all connections are cut: the job restarts with growing pauses until it succeeds.

    Unprotected: the job is not restarted.
    """
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.gone():
            time.sleep(30)
        trial.recover()
    trial.finish()


@pytest.mark.fault("every iterator expired, six times over")
def test_expired_iterators(trial: Trial) -> None:
    """The source requests a new iterator after the last record that it read, and loses no record.

    Unprotected: the proxy gives it an iterator at the end of the shard, as for a client that starts anew.
    """
    trial.start()
    if trial.is_unprotected:
        trial.between.add(rules.skip_to_latest())
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        for _each in range(6):
            with trial.between.fault(rules.expire(times=4)) as rule:
                wait_for(lambda rule=rule: rule.hits == 4, 20, "four iterators expire")
        trial.recover()
    trial.finish()
    assert trial.between.seen["GetShardIterator"] >= 4 + 24


@pytest.mark.fault("writing to the table denied for 20 s", NO_RESTART, *FAIL_ON_ERROR)
def test_denied(trial: Trial) -> None:
    """A permission is missing for a while: the sink retries, no checkpoint completes, no record is lost.

    Unprotected: the job ends at the first refusal.
    """
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
        with trial.between.fault(rules.deny("BatchWriteItem")) as rule:
            time.sleep(15)
            trial.is_alive()
            assert "sink-refused" in findings(trial), "health names the sink while the job shows RUNNING"
        trial.recover()
        wait_for_checkpoint(trial)
    assert rule.hits
    trial.finish()
    assert trial.outcome.restarts == 0


def findings(trial: Trial) -> set[str]:
    """The names of the current findings of `python -m jobs health`."""
    chosen = settings.read(trial.properties())
    seen = health.observe(chosen.job, rest.Cluster(trial.job.address), chosen)
    return {finding.name for finding in diagnosis.judge(seen)}


@pytest.mark.fault(
    "records at and beyond every limit of the services",
    Edit("jobs/unicorn_summary/tables/readings.sql", "longest_name AS 128", "longest_name AS 9999999"),
)
def test_limits(trial: Trial) -> None:
    """A record that a service would refuse for ever is not sent: it is COERCION on the errors stream, cut to size.

    A refused record would block all others: each sink fails the job, which is restarted and comes to it again. The
    proxy refuses by the limits of the services' documentation.
    Unprotected: names of any length are accepted.
    """
    strict = rules.strict()
    trial.between.add(strict)
    trial.start()
    with trial.flying(*FLIGHT, *SPEED):
        trial.wait_for_rows()
    # Days later by the flight's clock, which began six days ago, so that its windows close and their rows are written
    # together with these rows.
    later = datetime.now(UTC) - timedelta(days=1)
    trial.put([*extremes(later), *extremes(later + timedelta(minutes=3))])
    start = f"{later + timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
    with trial.flying(*FLIGHT, *SPEED, "--start", start):
        trial.recover()
        wait_for_checkpoint(trial)
    result = trial.finish()
    assert strict.hits == 0
    assert result.errors["COERCION"] > 100


def extremes(now: datetime) -> Iterator[bytes]:
    """Readings with the longest names and the largest numbers that count, some beyond, and rubbish of every size."""
    time = f"{now:%Y-%m-%d %H:%M:%S}.000"
    names = [
        "",
        "x",
        "x" * 128,
        "\U0001f984" * 128,
        "\u0001" * 128,
        "x" * 129,
        "\U0001f984" * 129,
        "x" * 5000,
        "x" * 900_000,
    ]
    for name in names:
        for distance in (0, 1e9, -1e9, 1.1e9):
            for points in (0, 2**31 - 1, -(2**31), 2**31):
                document = {"Name": name, "StatusTime": time, "Distance": distance}
                document |= {"MagicPoints": points, "HealthPoints": points}
                yield json.dumps(document, ensure_ascii=len(name) < 1000).encode() + b"\n"
    for size in (0, 1, 150_000, 150_001, 1_000_000):
        for byte in (b'"', b"\\", b"\x01", b"\xff", b"x"):
            yield byte * size + b"\n"
