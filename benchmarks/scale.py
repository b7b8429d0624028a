"""At scale, on paper: shards, KPUs and the first bottleneck for 1,000 to 10,000,000 unicorns, a reading a second each.

From the measured cost of a record and the published limits of the services; nothing of it was run on AWS. How evenly
records spread is simulated with the names of the producer: keys to shards by their MD5 as Kinesis does, shards to
subtasks as the source's coordinator gives them, shards and names to subtasks by Flink's key groups.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import Size
from benchmarks.key_groups import subtasks
from benchmarks.plots import Lines
from benchmarks.tables import LAST, RESULTS, Cell, Table
from pipeline import job
from producer.flight import names
from program.output import Say

NAME = "scale"
HERDS = {Size.FULL: (1000, 100_000, 10_000_000), Size.QUICK: (1000, 20_000)}

FULL = 0.8  # of a limit may be used by the fullest part
# https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
SHARD_RECORDS, SHARD_BYTES = 1000, 1_000_000  # a second into a shard
SHARD_QUOTA = 20_000  # of an account in us-east-1, us-west-2 and eu-west-1; 1,000 or 6,000 elsewhere
SHARD_CALLS = 5  # GetRecords a second, of all consumers together
# https://docs.aws.amazon.com/managed-flink/latest/java/how-scaling.html
KPU_QUOTA = 64  # of an application
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html
WRITE_QUOTA = 40_000  # write units a second of a table; a row of the job is below 1 KB, which is a unit
RECORD_BYTES = 200  # a reading is about as long
WINDOW_S = 60  # a row of each unicorn once in so many seconds

# CPU µs a record. The job alone is measured, by benchmarks/job.py; before that it is the middle of an earlier run.
JOB_US = 5.8
SOURCE_US = 11.0  # reading it from Kinesis, 2026-11-27: docs/measured.md
# Of the job's cost, by a profile of 2026-11-28: parsing where records are read; after the exchange by shard; by name.
AT_SOURCE, BY_SHARD, BY_NAME = 0.50, 0.45, 0.05

Counts = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Need:
    """What so many unicorns need. evenness: the fullest subtask by the average, of each part of the job."""

    unicorns: int
    shards: int
    fullest_shard: int
    kpus: int
    evenness: dict[str, float]
    fullest_slot: float
    writes: int

    @property
    def shares(self) -> dict[str, float]:
        """What is used of each default quota; above 1 it does not suffice."""
        return {
            "shards": self.shards / SHARD_QUOTA,
            "KPUs": self.kpus / KPU_QUOTA,
            "writes to DynamoDB": self.writes / (FULL * WRITE_QUOTA),
        }

    @property
    def bottleneck(self) -> str:
        """The quota that ends first as unicorns become more, and at how many times the quota they are."""
        name, used = max(self.shares.items(), key=lambda entry: entry[1])
        return f"{name}: {used:.1f} times the quota" if used > 1 else f"none; {name} at {used:.1%} of the quota"


def measure(size: Size, say: Say) -> list[Table]:
    """What each number of unicorns needs."""
    job_us, origin = _job_us()
    needs = []
    for unicorns in HERDS[size]:
        say(f"{unicorns:,} unicorns")
        needs.append(need(unicorns, job_us))
    columns = (
        *("unicorns", "shards", "records/s into the fullest", "KPUs", "CPU of the fullest slot"),
        *("rows/s", "source, by shard, by name: fullest by average", "GetRecords/s a slot", "first bottleneck"),
    )
    rows: list[Sequence[Cell]] = [
        (
            one.unicorns,
            one.shards,
            one.fullest_shard,
            one.kpus,
            f"{one.fullest_slot:.0%}",
            one.writes,
            ", ".join(f"{value:.2f}" for value in one.evenness.values()),
            math.ceil(one.shards * SHARD_CALLS / one.kpus),
            one.bottleneck,
        )
        for one in needs
    ]
    notes = [
        f"CPU a record: {job_us:.1f} µs for the job ({origin}) and {SOURCE_US:.0f} µs for reading it from Kinesis. "
        f"No shard gets more than {FULL:.0%} of what it takes; slots are {FULL:.0%} busy on average at most.",
        f"Used up first: {_ends(needs[-1])}.",
        f"Limits: a shard takes {SHARD_RECORDS:,} records or 1 MB a second, and {SHARD_CALLS} GetRecords; an account "
        f"has {SHARD_QUOTA:,} shards, an application {KPU_QUOTA} KPUs of one core, a table {WRITE_QUOTA:,} writes a "
        "second. All quotas can be raised on request, the limits of a shard cannot.",
        "Rows a second are an average over a minute; all windows close at once, so the sinks are busy for as long as "
        "the limits make them. CPU of a slot: "
        f"{AT_SOURCE:.0%} of the job's cost where records are read, {BY_SHARD:.0%} by shard, {BY_NAME:.0%} by name.",
        "On paper: nothing of it was run on AWS.",
    ]
    lines = {name: [(one.unicorns, 100 * one.shares[name]) for one in needs] for name in needs[0].shares}
    plot = Lines("unicorns, a reading a second each", "% of the default quota", lines, by_tens=("x", "y"))
    raw: dict[str, Any] = {f"{one.unicorns}": {"shares": one.shares, "evenness": one.evenness} for one in needs}
    return [Table(NAME, "At scale, on paper", columns, rows, notes, plot, raw)]


def _ends(largest: Need) -> str:
    """The number of unicorns at which each default quota is used up."""
    ends = sorted((largest.unicorns / used, name) for name, used in largest.shares.items())
    return ", ".join(f"{name} with {round(unicorns, -4):,.0f} unicorns" for unicorns, name in ends)


def need(unicorns: int, job_us: float) -> Need:
    """What so many unicorns need, with the names that the producer gives them."""
    hashes = hash_keys(_names(unicorns))
    shards = max(shards_needed(hashes), math.ceil(unicorns * RECORD_BYTES / (FULL * SHARD_BYTES)))
    by_shard = np.bincount(shards_of(hashes, shards), minlength=shards)
    kpus = math.ceil(unicorns * (job_us + SOURCE_US) / 1e6 / FULL)
    parts = _parts(unicorns, by_shard, kpus)
    costs = (SOURCE_US + job_us * AT_SOURCE, job_us * BY_SHARD, job_us * BY_NAME)
    slots = sum(cost * part for cost, part in zip(costs, parts.values(), strict=True)) / 1e6
    return Need(
        unicorns,
        shards,
        int(by_shard.max()),
        kpus,
        {name: float(part.max() / part.mean()) for name, part in parts.items()},
        float(np.max(slots)),
        math.ceil(unicorns / WINDOW_S),
    )


def _parts(unicorns: int, by_shard: Counts, slots: int) -> dict[str, Counts]:
    """Records a second of each subtask: where they are read, after the exchange by shard, after that by name."""
    groups = int(job.CONFIGURATION["pipeline.max-parallelism"])
    ids = [f"shardId-{number:012d}" for number in range(len(by_shard))]
    by_name = np.zeros(slots, dtype=np.int64)
    for some in _names(unicorns):
        by_name += np.bincount(subtasks(some, groups, slots), minlength=slots)
    return {
        "source": _summed(readers(len(by_shard), slots), by_shard, slots),
        "by shard": _summed(subtasks(ids, groups, slots), by_shard, slots),
        "by name": by_name,
    }


def _summed(places: Counts, weights: Counts, slots: int) -> Counts:
    return np.bincount(places, weights=weights, minlength=slots).astype(np.int64)


def readers(shards: int, count: int) -> Counts:
    """The reader of each shard: ShardCoordinator gives each to the reader with the fewest, the first among equals."""
    return np.arange(shards) % count


def shards_needed(hashes: Hashes) -> int:
    """The fewest shards, in steps of 1 %, of which none gets more than its part of the records a second."""
    most = FULL * SHARD_RECORDS
    shards = math.ceil(len(hashes) / most)
    while np.bincount(shards_of(hashes, shards)).max() > most:
        shards = max(shards + 1, math.ceil(shards * 1.01))
    return shards


def shards_of(hashes: Hashes, shards: int) -> Counts:
    """The shard of each key, where the shards have even shares of the hash keys."""
    high, low = hashes >> np.uint64(32), hashes & np.uint64(0xFFFFFFFF)
    count = np.uint64(shards)
    return ((high * count + (low * count >> np.uint64(32))) >> np.uint64(32)).astype(np.int64)


def hash_keys(keys: Iterable[str] | Iterable[Sequence[str]]) -> Hashes:
    """The first 64 of the 128 bits of each key's MD5, which Kinesis takes for its place. keys: or lists of them."""
    flat = (key for some in keys for key in ([some] if isinstance(some, str) else some))
    digests = b"".join(hashlib.md5(key.encode(), usedforsecurity=False).digest()[:8] for key in flat)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


def _names(unicorns: int, at_once: int = 500_000) -> Iterator[Sequence[str]]:
    """The names of the producer's herd, in lists."""
    all_ = iter(names("Shadowfax", unicorns))
    while some := list(islice(all_, at_once)):
        yield some


def _job_us() -> tuple[float, str]:
    """CPU µs a record of the job, and where the figure is from."""
    for path in (LAST / "job.json", RESULTS / "job.json"):
        if path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
            for name, cpu, *_ in found["rows"]:
                if name.startswith("this project's job"):
                    return float(cpu[1]), f"measured on {found['date']}"
    return JOB_US, "an earlier run: 5.2 to 6.5 µs"
