"""What is told of an error that nobody expected, with an exit code of its own: Python's, 1, means something else."""

from __future__ import annotations

import traceback
from pathlib import Path

EXIT_CODE = 4


def sentence(error: Exception, consequence: str) -> str:
    """Where this program failed, and what that means for the file."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return (
        f"this program failed ({type(error).__name__} in {where}), and {consequence}. "
        "Please report it, with the part of the SQL that it fails for."
    )
