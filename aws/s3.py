"""Objects in S3: lists and downloads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from program.formats import many, size
from program.output import Say
from program.waiting import Every, Outage, Retry

THREADS = 8  # Firehose writes many small objects
PART = 1000  # objects that are submitted to the threads together
CHUNK = 1 << 20  # bytes
PROGRESS_EVERY = 5.0  # seconds between two lines of progress
RETRY = Retry(limit=30)  # of a broken download; botocore retries a call that fails at once


@dataclass(frozen=True)
class Object:
    """An object of a bucket; `size` is in bytes."""

    key: str
    size: int
    modified: datetime


def objects(client: Any, bucket: str, prefix: str = "") -> Iterator[Object]:
    """The objects of a bucket by the prefix of their keys, in the order of the keys. Raises aws.failures.ERRORS."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            yield Object(entry["Key"], entry["Size"], entry["LastModified"])


def download(
    client: Any,
    bucket: str,
    targets: Iterable[tuple[Object, Path]],
    say: Say,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Download objects into files and report the progress. Raises aws.failures.ERRORS.

    A file gets the time of its object. No download begins once `stopped` is true.
    """
    remaining, every = iter(targets), Every(PROGRESS_EVERY)
    files = bytes_ = 0
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            while not stopped() and (part := list(islice(remaining, PART))):
                futures = {pool.submit(_download, client, bucket, *target, stopped): target[0] for target in part}
                for future in as_completed(futures):
                    if future.result():
                        files, bytes_ = files + 1, bytes_ + futures[future].size
                    if every.is_due():
                        say(f"downloaded {many(files, 'object')}, {size(bytes_)}")
        finally:
            pool.shutdown(cancel_futures=True)


def _download(client: Any, bucket: str, item: Object, path: Path, stopped: Callable[[], bool]) -> bool:
    """Whether the file is complete."""
    outage = Outage(RETRY)
    while not stopped():
        try:
            body = client.get_object(Bucket=bucket, Key=item.key)["Body"]
            with path.open("wb") as file:
                file.writelines(body.iter_chunks(CHUNK))
        except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
            wait = outage.failed()
            if wait is None:
                raise
            time.sleep(wait)
        else:
            os.utime(path, (item.modified.timestamp(),) * 2)
            return True
    return False
