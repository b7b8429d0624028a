"""Objects in S3: listed, and downloaded into files."""

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

AT_ONCE = 8  # downloads; Firehose writes many small objects
LISTED = 1000  # objects of a listing's page, and what is handed to the downloads at a time
CHUNK = 1 << 20  # bytes
TOLD_EVERY = 5.0  # seconds between two lines of progress
RETRY = Retry(limit=30)  # of a download that breaks off; calls that fail at once, botocore makes again


@dataclass(frozen=True)
class Object:
    """An object of a bucket: its key, its size in bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


def objects(client: Any, bucket: str, prefix: str = "") -> Iterator[Object]:
    """The objects of a bucket whose keys begin with this, in the order of their keys. Raises aws.failures.ERRORS."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            yield Object(one["Key"], one["Size"], one["LastModified"])


def download(
    client: Any,
    bucket: str,
    wanted: Iterable[tuple[Object, Path]],
    say: Say,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Write objects into files, telling now and then how many are complete. Raises aws.failures.ERRORS.

    A file gets the time of its object. `stopped` ends it early, without those that are not begun.
    """
    left, every = iter(wanted), Every(TOLD_EVERY)
    files = bytes_ = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            while not stopped() and (part := list(islice(left, LISTED))):
                futures = {pool.submit(_download, client, bucket, *one, stopped): one[0] for one in part}
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
