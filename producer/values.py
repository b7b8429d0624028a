"""From an option's text to its value; what is wrong raises ArgumentTypeError with a sentence."""

import argparse
import contextlib
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path


def _wrong(sentence: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(sentence)


def whole(least: int | None = None, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers between `least` and `most`, both included."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise _wrong(f"{text!r} is not a whole number") from None
        if least is not None and most is not None and not least <= number <= most:
            raise _wrong(f"{text} is not between {least} and {most:,}")
        return number

    return read


def positive(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise _wrong(f"{text!r} is not a number above 0")
    return number


def rate(text: str) -> float:
    """Records per second; infinite for max."""
    if text == "max":
        return math.inf
    try:
        return positive(text)
    except argparse.ArgumentTypeError as error:
        raise _wrong(f"{error} and not 'max'") from None


def share(text: str) -> float:
    """A probability."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise _wrong(f"{text!r} is not a share between 0 and 1")
    return share


def time(text: str) -> int:
    """A UTC time in ms since 1970."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?", text, re.ASCII):
        with contextlib.suppress(ValueError):  # 2026-02-30
            time_ = datetime.fromisoformat(text).replace(tzinfo=UTC)
            if 1970 <= time_.year < 3000:
                return int(time_.timestamp()) * 1000 + time_.microsecond // 1000
    raise _wrong(f"{text!r} is not a time from 1970 to 2999 like '2026-01-01 00:00:00' or '2026-01-01 00:00:00.000'")


def name(text: str) -> str:
    """A unicorn's name, which is also a partition key."""
    # A partition key has 256 characters at most; the rest is for the number of a later unicorn.
    if not (1 <= len(text) <= 240 and text.isprintable()):
        raise _wrong("a name has 1 to 240 printable characters")
    return text


def stream(text: str) -> str:
    """A name that Kinesis allows for a stream."""
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,128}", text):
        raise _wrong(f"{text!r} is not a stream name: 1 to 128 of a-z, A-Z, 0-9, '_', '.' and '-'")
    return text


def url(text: str) -> str:
    """An http or https URL; the error does not repeat it, for it may hold a password."""
    if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", text):
        raise _wrong("not a URL like http://127.0.0.1:4566")
    return text


def path(text: str) -> Path:
    """A path."""
    return Path(not_empty(text))


def not_empty(text: str) -> str:
    """Any text but none."""
    if not text:
        raise _wrong("is empty")
    return text
