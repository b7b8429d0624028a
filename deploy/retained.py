"""The table and the archive, which stay when the stack goes: are they there, and removing them when told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aws import s3
from deploy import template
from deploy.account import TOLD_EVERY, Account, DeployError, Wait
from pipeline import places
from pipeline.job import load
from program.formats import many
from program.output import Say
from program.waiting import Every

_AT_ONCE = 1000  # objects per call (DeleteObjects)
DELETE_LIMIT = 600.0  # seconds for a table to be gone


@dataclass(frozen=True)
class Names:
    """The table and the archive's bucket of a stack with these parameters."""

    table: str
    archive: str

    @classmethod
    def of(cls, account: Account, values: Mapping[str, str]) -> Names:
        """By the parameters that are given, and the template's defaults. Raises DeployError."""
        known = template.parameters()
        prefix = values.get("BucketPrefix", known["BucketPrefix"].default)
        with account.sentences():
            archive = f"{prefix}-archive-{account.number}-{account.region}"
        return cls(values.get("Table", known["Table"].default), archive)


def table_exists(account: Account, name: str) -> bool:
    """Whether there is a table of this name; one that cannot take the rows, as its key is another, raises DeployError.

    So is the table of the workshop of 2017, whose sort key is a number.
    """
    found = _described(account, name)
    if found is None:
        return False
    if problem := places.misfit(load("unicorn_summary"), "sensor_data", found["Table"]):
        raise DeployError(f"The table {name} {problem}: name another with --set Table=...")
    return True


def _described(account: Account, name: str) -> Any:
    return account.look_up(account.client("dynamodb").describe_table, TableName=name)


def bucket_exists(account: Account, name: str) -> bool:
    """Whether there is a bucket of this name; one that belongs to somebody else raises DeployError."""
    try:
        with account.sentences():
            owner = account.number
        return account.look_up(account.client("s3").head_bucket, Bucket=name, ExpectedBucketOwner=owner) is not None
    except DeployError as error:
        if error.code in ("HTTP 403", "AccessDenied", "Forbidden"):
            raise DeployError(
                f"The bucket {name} belongs to another account, or may not be read: choose another name with "
                "--set BucketPrefix=..., or allow s3:ListBucket."
            ) from error
        raise


def empty(account: Account, bucket: str, say: Say) -> int:
    """Delete every object of a bucket without versions; how many there were. A bucket that is not there is empty."""
    count, every = 0, Every(TOLD_EVERY)
    try:
        with account.sentences():
            found = s3.objects(account.client("s3"), bucket)
            while keys := [one.key for one in islice(found, _AT_ONCE)]:
                delete(account, bucket, keys)
                count += len(keys)
                if every.is_due():
                    say(f"deleted {many(count, 'object')} of {bucket}")
    except DeployError as error:
        if not error.is_absence:
            raise
    return count


def delete(account: Account, bucket: str, keys: Sequence[str]) -> None:
    """Delete these objects of a bucket. Raises DeployError if one of them stays."""
    for at in range(0, len(keys), _AT_ONCE):
        objects = [{"Key": key} for key in keys[at : at + _AT_ONCE]]
        with account.sentences():
            answer = account.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors", ()):
            one = errors[0]
            raise DeployError(
                f"{one['Key']} in {bucket} cannot be deleted ({one.get('Code')}): allow s3:DeleteObject, and try again."
            )


def delete_bucket(account: Account, bucket: str, say: Say) -> None:
    """Delete a bucket with everything in it, if it is there. Raises DeployError."""
    if not bucket_exists(account, bucket):
        return
    count = empty(account, bucket, say)
    with account.sentences():
        account.client("s3").delete_bucket(Bucket=bucket)
    say(f"deleted the bucket {bucket} with {many(count, 'object')}")


def delete_table(account: Account, table: str, say: Say) -> None:
    """Delete a table, if it is there, and wait until it is gone. Raises DeployError."""
    if not _described(account, table):
        return
    with account.sentences():
        account.client("dynamodb").delete_table(TableName=table)
    wait = Wait(f"The removal of the table {table}", DELETE_LIMIT, "look at it in the console", say)
    wait.until(lambda: not _described(account, table))
    say(f"deleted the table {table}")
