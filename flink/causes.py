"""Remedies for what a job's own folder makes fail, by a pattern of the failure: Java's class and message in a line."""

from __future__ import annotations

import re

_RECORD = (
    "a record that does this ends the job each time: use functions that give NULL instead, such as TRY_CAST and "
    "NULLIF, and refuse the record in views/checked.sql"
)
_COLUMN = (
    "a row that has no value there ends the job each time: give it one by COALESCE, leave it out by WHERE, or refuse "
    "its record in views/checked.sql"
)
_HANDLER = "mend that in the job's folder, and start the job again"
_FUNCTION = "name a Lambda function that is there in preprocess, and allow the job's role lambda:InvokeFunction on it"
_OBJECT = "put the object there, and allow the job's role to read it"

# The first match counts.
CAUSES = (
    (r"The handler \S+ cannot be loaded", _HANDLER),
    (r"Invoke of the function ", _FUNCTION),
    (r"GetObject of ", _OBJECT),
    (r"is NOT NULL, however, a null value", _COLUMN),
    (
        r"NumberFormatException|ArithmeticException|DateTime\w*Exception|StringIndexOutOfBounds|PatternSyntax"
        r"|Cannot parse '.*' as BOOLEAN",
        _RECORD,
    ),
)


def remedy(cause: str) -> str:
    """The remedy for a failure, as a clause without a full stop; empty for a failure of another kind."""
    return next((found for pattern, found in CAUSES if re.search(pattern, cause)), "")
