"""The objects of an archive in S3, downloaded."""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from aws import session
from aws.failures import of_configuration, of_proxy
from program.addresses import is_here
from program.processes import RunError

Say = Callable[[str], None]  # one line of progress

DOWNLOADS = 8  # at a time; what Firehose writes are many small objects
TOLD_EVERY = 5.0  # seconds between two lines of progress


def download(source: str, folder: Path, place: Mapping[str, str], asked: threading.Event, say: Say) -> None:
    """Download every object below an s3:// prefix into one folder, until `asked` to stop. Raises RunError."""
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    say(f"downloading {source}")
    try:
        client = _client(place)

        def get(item: Mapping[str, Any], path: Path) -> int:
            if asked.is_set():
                return 0
            client.download_file(bucket, item["Key"], str(path), Config=TransferConfig(use_threads=False))
            # A file's time is when its lines arrived: a record that is dated after that is none.
            os.utime(path, (item["LastModified"].timestamp(),) * 2)
            return path.stat().st_size

        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        bytes_, told = 0, time.monotonic()
        for number, length in enumerate(_each(pages, folder, get), 1):
            bytes_ += length
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                say(f"downloaded {number:,} objects, {bytes_ / 1e6:,.1f} MB")
            if asked.is_set():
                break
    except ParamValidationError as error:
        raise RunError(f"There is no bucket of that name in {source}: write s3://BUCKET/PREFIX.") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reason = "does not exist" if code == "NoSuchBucket" else f"cannot be read ({code})"
        raise RunError(f"{source} {reason}: check its name, and that these credentials may list and get it.") from error
    except (BotoCoreError, Boto3Error, ValueError) as error:
        found = of_configuration(error) or of_proxy(error)
        reason = ": ".join(found) if found else str(error).rstrip(".")
        raise RunError(f"{source} cannot be read: {reason}.") from error


def _each(
    pages: Iterable[Mapping[str, Any]], folder: Path, get: Callable[[Mapping[str, Any], Path], int]
) -> Iterator[int]:
    """Get every object of the listing that is not empty, some at a time; the size of each that is there."""
    numbers = itertools.count()
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        try:
            for page in pages:
                items = [item for item in page.get("Contents", ()) if item["Size"]]
                futures = [pool.submit(get, item, folder / _name(next(numbers), item["Key"])) for item in items]
                for future in as_completed(futures):
                    yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _name(number: int, key: str) -> str:
    """A name of its own for an object, in which a person finds the end of its key again."""
    return f"{number:08d}-{re.sub(r'[^A-Za-z0-9._-]', '_', key.rpartition('/')[2])[-100:]}"


def _client(place: Mapping[str, str]) -> Any:
    """S3 at an endpoint of this machine, if settings or AWS_ENDPOINT_URL name one; else where the environment says.

    That is AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3, and without them where the settings say the services are.
    """
    config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})
    named = (place.get("endpoint"), os.environ.get("AWS_ENDPOINT_URL"))
    endpoint = next((one for one in named if is_here(one)), None)
    if endpoint is None and not {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}.intersection(os.environ):
        endpoint = place.get("endpoint")
    return session.client("s3", session.to(endpoint, place["region"], place.get("profile")), endpoint, config)
