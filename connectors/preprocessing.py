"""A function that changes records before SQL reads them: the options of `preprocess` (java/src/preprocessing).

The function is a file in Python, or a function of AWS Lambda. It has Kinesis Data Analytics' contract for a function
before an input: docs/preprocessing.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from connectors import aws
from connectors.connector import Option, checked
from connectors.kind import Setting

OPTIONS: Mapping[str, Option] = {
    "function": Option(),
    "handler": Option(),
    "program": Option(),
    "python": Option(),
    "application": Option(),
    "stream": Option(),
    "records": Option("int", "200"),
    "wait": Option("duration", "100 ms"),
    "limit": Option("duration", "60 s"),
    "split-documents": Option("bool", "true"),
    **aws.OPTIONS,
}
FUNCTION = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9$_-]{1,128})?"
FILE = r"[A-Za-z_][A-Za-z0-9_]{0,49}\.py"
# The settings of a source; the first names the function.
PREPROCESS = "preprocess"
_NUMBERS = ("records", "wait", "limit")
SETTINGS: Mapping[str, Setting] = {
    PREPROCESS: Setting(
        "a function that changes records before SQL reads them: a Python file of the job's folder, or the ARN of a "
        "Lambda function",
        "",
    ),
    f"{PREPROCESS}.records": Setting(
        f"the most records of a call of the function; without it {OPTIONS['records'].default}", ""
    ),
    f"{PREPROCESS}.wait": Setting(f"how long a call waits for more records; without it {OPTIONS['wait'].default}", ""),
    f"{PREPROCESS}.limit": Setting(f"how long a call may take; without it {OPTIONS['limit'].default}", ""),
}
IN_FLIGHT = 4  # batches of a subtask that are gathered, called, or wait for those before them
_MOST = 10_000  # records of a call


def is_file(function: str) -> bool:
    """Whether this is a Python file of a job's folder, by its name."""
    return re.fullmatch(FILE, function) is not None


def problems(settings: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the settings of a source, each as a clause that begins with the setting."""
    function = settings.get(PREPROCESS)
    if function and not is_file(function) and not re.fullmatch(FUNCTION, function):
        yield (
            f"{PREPROCESS} is {function!r}, but must be a Python file of the job's folder, such as preprocess.py, or "
            "the ARN of a Lambda function, such as arn:aws:lambda:us-east-1:123456789012:function:NAME"
        )
    records = settings.get(f"{PREPROCESS}.records", "1")
    if not re.fullmatch(r"\d{1,5}", records, re.ASCII) or not 1 <= int(records) <= _MOST:
        yield f"{PREPROCESS}.records is {records!r}, but must be a whole number from 1 to {_MOST}"
    for name in ("wait", "limit"):
        text = settings.get(f"{PREPROCESS}.{name}", "1 s")
        if not re.fullmatch(r"\d+ ?(ms|s|min)", text, re.ASCII) or (name == "limit" and not int(text.rstrip(" mins"))):
            yield f"{PREPROCESS}.{name} is {text!r}, but must be a duration such as 10 s"


def of_lambda(place: aws.Aws, arn: str, settings: Mapping[str, str], *, splits: bool) -> dict[str, str]:
    """The options of a Lambda function, to be completed by `named`. splits: documents in what it answers are rows."""
    return _options({"function": arn, **place.options()}, settings, splits=splits)


def of_file(file: Path, program: Path, python: str, settings: Mapping[str, str], *, splits: bool) -> dict[str, str]:
    """The options of a handler in Python. program: runs it; python: the path of the interpreter."""
    return _options({"handler": str(file), "program": str(program), "python": python}, settings, splits=splits)


def _options(own: Mapping[str, str], settings: Mapping[str, str], *, splits: bool) -> dict[str, str]:
    numbers = {name: settings.get(f"{PREPROCESS}.{name}", "") for name in _NUMBERS}
    options = {
        **own,
        **{name: value for name, value in numbers.items() if value},
        "split-documents": "true" if splits else "false",
    }
    return checked("preprocessing", options, OPTIONS)


def configuration(records: int) -> dict[str, str]:
    """Flink's configuration of a job with functions, the largest of whose calls may have so many records."""
    return {
        # What the job's sinks share is planned once, before Flink adapts it to each of them. Else each sink would call
        # the function for itself.
        "table.optimizer.reuse-optimize-block-with-digest-enabled": "true",
        # Of a subtask, what is on its way through the function, or waits behind it in order.
        "table.exec.async-scalar.max-concurrent-operations": str(max(100, IN_FLIGHT * records)),
        # The time limits and repetitions are the function's own (java/src/preprocessing); Flink's would fail the job.
        "table.exec.async-scalar.timeout": "36500 d",
        "table.exec.async-scalar.retry-strategy": "NO_RETRY",
    }
