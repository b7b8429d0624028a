"""Streams, tables and archives that exist outside of a stack or outlive a stack, and their removal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aws import s3
from deploy import declared
from deploy.account import TOLD_EVERY, Account, DeployError, Wait
from deploy.declared import Place
from deploy.template import Template
from pipeline import binding
from pipeline.job import Job
from program.formats import many
from program.output import Say
from program.waiting import Every

_AT_ONCE = 1000  # objects per call (DeleteObjects)
DELETE_LIMIT = 600.0  # seconds for the removal of a table


@dataclass(frozen=True)
class Existing:
    """Streams, tables and archive that exist outside of a stack: name in the template -> physical name.

    used: the stack uses them without owning them. taken_over: the stack will own them.
    """

    used: Mapping[str, str]
    taken_over: Mapping[str, str]

    def __str__(self) -> str:
        told = [f"using {', '.join(self.used.values())} as it is"] if self.used else []
        told += [f"taking over {', '.join(self.taken_over.values())} as it is"] if self.taken_over else []
        return "; ".join(told) + ": the template's settings of it do not apply" if told else ""


def existing(account: Account, known: Template, values: Mapping[str, str], own: Mapping[str, str]) -> Existing:
    """The resources that exist outside of a stack with these parameters. own: the physical names of its resources.

    The stack uses every stream, and tables of other stacks. It takes over a table that no stack owns, and an archive:
    an earlier stack left them behind. Raises DeployError for a table that cannot take the rows.
    """
    used, taken_over = {}, {}
    for place in known.places:
        name = known.value(place.parameter, values)
        is_table = place.kind == declared.TABLE
        stream = account.client("kinesis").describe_stream_summary
        there = table_exists(account, known.job, place, name) if is_table else account.look_up(stream, StreamName=name)
        if not there or own.get(place.resource) == name:
            continue
        if is_table and place.resource not in own and not holders(account, [name]):
            taken_over[place.resource] = name
        else:
            used[place.resource] = name
    if known.has_archive and "ArchiveBucket" not in own and known.value("Archive", values) == "yes":
        name = archive(account, known, values)
        if bucket_exists(account, name):
            taken_over["ArchiveBucket"] = name
    return Existing(used, taken_over)


def holders(account: Account, names: Sequence[str]) -> dict[str, str]:
    """The owners of these resources: name -> stack. A stack's outputs name the resources that it owns."""
    return {
        value: str(one["StackName"])
        for one in _stacks(account)
        for value in (each["OutputValue"] for each in one.get("Outputs", ()))
        if value in names
    }


def users(account: Account, names: Sequence[str]) -> dict[str, str]:
    """The stacks that use these resources without owning them: name -> stack."""
    return {
        value: str(one["StackName"])
        for one in _stacks(account)
        for value in {each["ParameterValue"] for each in one.get("Parameters", ())}
        - {each["OutputValue"] for each in one.get("Outputs", ())}
        if value in names
    }


def _stacks(account: Account) -> list[dict[str, Any]]:
    found = account.listed("cloudformation", "describe_stacks", "Stacks")
    return [one for one in found if one["StackStatus"] != "DELETE_COMPLETE"]


def archive(account: Account, known: Template, values: Mapping[str, str]) -> str:
    """The name of the archive's bucket in a stack with these parameters."""
    with account.sentences():
        return f"{known.value('BucketPrefix', values)}-archive-{account.number}-{account.region}"


def table_exists(account: Account, job: Job, place: Place, name: str) -> bool:
    """Whether a table of this name exists. Raises DeployError if its key differs, so that it cannot take the rows.

    The table of the workshop of 2017 differs: its sort key is a number.
    """
    found = _described(account, name)
    if found is None:
        return False
    for table in place.tables:
        if problem := binding.mismatch(job, table, found["Table"]):
            raise DeployError(f"The table {name} {problem}: name another with --set {place.parameter}=...")
    return True


def _described(account: Account, name: str) -> Any:
    return account.look_up(account.client("dynamodb").describe_table, TableName=name)


def bucket_exists(account: Account, name: str) -> bool:
    """Whether a bucket of this name exists. Raises DeployError if another account owns the bucket."""
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
    """Delete every object of a bucket without versions. Returns their number: 0 if the bucket does not exist."""
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
    """Delete these objects of a bucket. Raises DeployError if an object stays."""
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
    """Delete a bucket with all its objects, if the bucket exists. Raises DeployError."""
    if not bucket_exists(account, bucket):
        return
    count = empty(account, bucket, say)
    with account.sentences():
        account.client("s3").delete_bucket(Bucket=bucket)
    say(f"deleted the bucket {bucket} with {many(count, 'object')}")


def delete_table(account: Account, table: str, say: Say) -> None:
    """Delete a table, if it exists, and wait until it is gone. Raises DeployError."""
    if not _described(account, table):
        return
    with account.sentences():
        account.client("dynamodb").delete_table(TableName=table)
    wait = Wait(f"The removal of the table {table}", DELETE_LIMIT, "look at it in the console", say)
    wait.until(lambda: not _described(account, table))
    say(f"deleted the table {table}")
