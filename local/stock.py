"""What a job uses and no stack makes, made on the emulator: objects of reference data, Firehose streams.

The content of an object lies in the job's folder, as reference/ and the last part of the object's key.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy import outside, retained
from deploy.account import Account, DeployError
from deploy.outside import DELIVERY, Outside
from deploy.template import Template

FOLDER = "reference"  # in a job's folder
DELIVERED = "delivered"  # the bucket of all Firehose streams; each has its own prefix
_ROLE = "arn:aws:iam::000000000000:role/delivery"  # the emulator asks for one, and looks at none


def content(folder: Path, key: str) -> Path:
    """The file in a job's folder that stands for an object."""
    return folder / FOLDER / key.rpartition("/")[2]


def provide(account: Account, known: Template, value: Callable[[str], str]) -> None:
    """Make what the job needs besides its stack. value: of a template's parameter.

    An object is written anew if the job's folder has its content. Raises DeployError for an object that is neither in
    the folder nor there.
    """
    for one in known.outside:
        names = one.names(value)
        if one.kind == DELIVERY:
            _deliver(account, one, names["delivery_stream"])
        else:
            _put(account, one, names["bucket"], names["key"], content(known.job.folder, names["key"]))


def _put(account: Account, one: Outside, bucket: str, key: str, file: Path) -> None:
    if not file.is_file():
        if outside.exists(account, one.kind, {"bucket": bucket, "key": key}):
            return
        raise DeployError(
            f"There is no s3://{bucket}/{key} in {account.where}, which the table {one.tables[0]} reads: put its "
            f"content into {file}."
        )
    with account.sentences():
        s3 = account.client("s3")
        if not retained.bucket_exists(account, bucket):
            s3.create_bucket(Bucket=bucket)
        s3.upload_file(str(file), bucket, key)


def _deliver(account: Account, one: Outside, stream: str) -> None:
    if outside.exists(account, one.kind, {"delivery_stream": stream}):
        return
    with account.sentences():
        if not retained.bucket_exists(account, DELIVERED):
            account.client("s3").create_bucket(Bucket=DELIVERED)
        account.client("firehose").create_delivery_stream(
            DeliveryStreamName=stream,
            ExtendedS3DestinationConfiguration={
                "RoleARN": _ROLE,
                "BucketARN": f"arn:aws:s3:::{DELIVERED}",
                "Prefix": f"{stream}/",
            },
        )
