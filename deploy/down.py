"""Removing what was deployed; what is kept is said, and how to remove that as well."""

from __future__ import annotations

from collections.abc import Iterator

from deploy import retained
from deploy.account import Account, DeployError
from deploy.application import Application
from deploy.stack import Found, Stack
from program.output import Say


class Order:
    """The removal of a stack, of the table and of the archive, each if asked for. Raises DeployError."""

    def __init__(self, account: Account, name: str, *, table: bool, archive: bool) -> None:
        self._account, self._name = account, name
        self._table, self._archive = table, archive
        self._found = Stack(account, name).find()
        if self._found is None and not (table or archive):
            raise DeployError(f"There is no stack {name} in {account.where}: nothing to remove.")
        self._names = retained.Names.of(account, self._found.parameters if self._found else {})
        if self._found is None:
            self._refuse_what_is_in_use()
        self._has_archive = self._found is None or "ArchiveBucketName" in self._found.outputs

    def _refuse_what_is_in_use(self) -> None:
        """Without a stack of its own, table and archive go by their names alone: not those of another stack."""
        with self._account.sentences():
            pages = self._account.client("cloudformation").get_paginator("describe_stacks").paginate()
            stacks = [one for page in pages for one in page["Stacks"] if one["StackStatus"] != "DELETE_COMPLETE"]
        for one in stacks:
            values = {each["ParameterValue"] for each in one.get("Parameters", ()) if each["ParameterKey"] == "Table"}
            values |= {each["OutputValue"] for each in one.get("Outputs", ())}
            if used := values & {self._names.table, self._names.archive}:
                raise DeployError(
                    f"There is no stack {self._name} in {self._account.where}, and {', '.join(sorted(used))} belongs "
                    f"to the stack {one['StackName']}: give --stack {one['StackName']} if that is meant."
                )

    def tell(self) -> list[str]:
        """What will be removed, and what stays."""
        told = []
        if self._found:
            told.append(f"This removes the stack {self._name} in {self._account.where}: the application with its")
            told.append("snapshots, the three streams with what is in them, logs, alarms, the dashboard's page.")
        for asked, what, flag in (
            (self._table, f"the table {self._names.table} with every row", "--delete-table"),
            (self._archive, f"the archive {self._names.archive} with every record", "--delete-archive"),
        ):
            if flag == "--delete-table" or self._has_archive:
                told.append(f"It REMOVES {what}." if asked else f"It keeps {what} ({flag} removes it).")
        if self._found and self._has_archive and not self._archive:
            seconds = self._found.parameter("ArchiveSeconds")
            told.append(
                f"What arrived in the last {seconds} s may not be in the archive yet, and is lost with the streams."
            )
        return told

    def carry_out(self, say: Say) -> Iterator[str]:
        """Do it; one line for each thing that is gone or kept."""
        if self._found:
            self._stop(self._found, say)
            for output in ("ArtifactsBucket", "SiteBucket"):
                if bucket := self._found.outputs.get(output):
                    retained.empty(self._account, bucket, say)
            Stack(self._account, self._name, say).delete()
            yield f"The stack {self._name} is gone."
        if self._table:
            retained.delete_table(self._account, self._names.table, say)
        if self._archive:
            retained.delete_bucket(self._account, self._names.archive, say)
        kept = [] if self._table else [f"the table {self._names.table}"]
        kept += [] if self._archive or not self._has_archive else [f"the archive {self._names.archive}"]
        if kept:
            yield f"Kept: {' and '.join(kept)}. The next `python -m deploy up` takes over what is kept."

    def _stop(self, found: Found, say: Say) -> None:
        """Stop the application, so that it writes what it has read; without a snapshot if it can make none."""
        application = Application(self._account, found.parameter("ApplicationName"), say)
        running = application.find()
        if running is not None and running.is_busy:
            running = application.settled()
        if running is None or not running.is_running:
            return
        try:
            application.stop(force=False)
        except DeployError as error:
            say(f"{error} It is removed all the same, so it is stopped without a snapshot.")
            application.stop(force=True)
