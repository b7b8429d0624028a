"""Removing what was deployed; what is kept is said, and how to remove that as well."""

from __future__ import annotations

from collections.abc import Iterator

from deploy import retained, template
from deploy.account import Account, DeployError, Say
from deploy.application import Application
from deploy.stack import Stack


class Order:
    """The removal of a stack, of the table and of the archive, each if asked for. Raises DeployError."""

    def __init__(self, account: Account, name: str, *, table: bool, archive: bool) -> None:
        self._account, self._name = account, name
        self._table, self._archive = table, archive
        self._found = Stack(account, name).find()
        if self._found is None and not (table or archive):
            raise DeployError(f"There is no stack {name} in {account.where}: nothing to remove.")
        self._names = retained.Names.of(account, self._found.parameters if self._found else {})

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
            told.append(f"It REMOVES {what}." if asked else f"It keeps {what} ({flag} removes it).")
        return told

    def carry_out(self, say: Say) -> Iterator[str]:
        """Do it; one line for each thing that is gone or kept."""
        if self._found:
            parameters = self._found.parameters
            name = parameters.get("ApplicationName", template.parameters()["ApplicationName"].default)
            application = Application(self._account, name, say)
            running = application.find()
            if running is not None and running.is_running:
                application.stop(force=False)  # what it has read it writes before it ends
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
        kept += [] if self._archive else [f"the archive {self._names.archive}"]
        if kept:
            yield f"Kept: {' and '.join(kept)}. The next `python -m deploy up` takes them over again."
