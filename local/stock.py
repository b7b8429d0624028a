"""What a job uses and no stack makes, made on the emulator: objects of reference data, Firehose streams.

The content of an object lies in the job's folder, as reference/ and the last part of the object's key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from deploy import outside, retained
from deploy.account import Account, DeployError
from deploy.outside import DELIVERY, Outside
from deploy.template import Template
from flink import inputs

DELIVERED = "delivered"  # the bucket of all Firehose streams; each has its own prefix
_ROLE = "arn:aws:iam::000000000000:role/delivery"  # the emulator asks for one, and looks at none


def provide(
    account: Account, known: Template, value: Callable[[str], str], given: Mapping[str, Path] | None = None
) -> None:
    """Make what the job needs besides its stack. value: of a template's parameter. given: contents of tables' objects.

    An object is written anew if its content is given, or if the job's folder has it. Raises DeployError for an object
    that has no content, and is not there.
    """
    for one in known.outside:
        names = one.names(value)
        if one.kind == DELIVERY:
            _deliver(account, one, names["delivery_stream"])
        else:
            chosen = [path for table, path in (given or {}).items() if table in one.tables]
            path = chosen[0] if chosen else inputs.kept(known.job.folder, names["key"])
            _put(account, one, names["bucket"], names["key"], path)


def _put(account: Account, one: Outside, bucket: str, key: str, path: Path) -> None:
    if not path.exists():
        if outside.exists(account, one.kind, {"bucket": bucket, "key": key}):
            return
        raise DeployError(
            f"There is no s3://{bucket}/{key} in {account.where}, which the table {one.tables[0]} reads: put its "
            f"content into {path}."
        )
    with account.sentences():
        s3 = account.client("s3")
        if not retained.bucket_exists(account, bucket):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key=key, Body=inputs.content(path))


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
