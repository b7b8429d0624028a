"""What is said of a job that fails: the remedy is that of its cause; there is none for a cause that is not known."""

from __future__ import annotations

import pytest

from flink import causes

RECORD, COLUMN, HANDLER = "TRY_CAST", "COALESCE", "mend that in the job's folder"


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        ("NumberFormatException: For input string: 'x'. Invalid character found.", RECORD),
        ("ArithmeticException: / by zero", RECORD),
        ("DateTimeParseException: Text 'x' could not be parsed at index 0", RECORD),
        ("TableRuntimeException: Cannot parse 'x' as BOOLEAN.", RECORD),
        ("EnforcerException: Column 'Name' is NOT NULL, however, a null value is being written into it.", COLUMN),
        ("IllegalStateException: The handler preprocess.py cannot be loaded: line 2 raises ValueError: x.", HANDLER),
        ("AwsFailure: Invoke of the function arn:aws:lambda:a:1:function:f is denied", "lambda:InvokeFunction"),
        ("AwsFailure: GetObject of s3://b/k finds nothing there (NoSuchKey): check name, region.", "read it"),
        ("IOException: Failed to create the parent directory: /x/error_stream", ""),
        ("OutOfMemoryError: Java heap space", ""),
    ],
)
def test_the_remedy_is_that_of_the_cause(cause: str, remedy: str) -> None:
    """A value in a record, a NULL, the handler and the service are mended differently; of others nothing is said."""
    found = causes.remedy(cause)
    assert (remedy in found) if remedy else found == ""
    assert sum(one in found for one in (RECORD, COLUMN, HANDLER)) <= 1
