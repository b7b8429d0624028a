"""The account of a run through the local AWS: each record once, in a row or an error."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.tables import Unequal
from local import emulator, proof, resources


def require_right(aws: emulator.Emulator, names: resources.Names, sent: Sequence[bytes]) -> None:
    """Raise Unequal unless each record is counted once, and each row is the sum of its records."""
    report = proof.prove(*resources.clients(aws.environment), names, sent)
    if report.problems:
        raise Unequal(f"{len(report.problems)} rows or errors are wrong: {report.problems[0]}")
