"""The removal of a stack, with messages on kept resources and on the flags that remove them."""

from __future__ import annotations

from collections.abc import Iterator

from deploy import declared, retained
from deploy.account import Account, DeployError
from deploy.application import Application
from deploy.stack import Found, Stack
from deploy.template import Template
from program.output import Say


class Order:
    """The removal of a stack and, by flags, of its tables and its archive. Raises DeployError."""

    def __init__(self, account: Account, known: Template, name: str, *, table: bool, archive: bool) -> None:
        self._account, self._template, self._name = account, known, name
        self._wants_tables, self._wants_archive = table, archive
        self._found = Stack(account, name).find()
        if self._found is None and not (table or archive):
            raise DeployError(f"There is no stack {name} in {account.where}: nothing to remove.")
        values = self._found.parameters if self._found else {}
        outputs = self._found.outputs if self._found else {}
        names = {place: known.value(place.parameter, values) for place in known.places}
        held = [place for place, name in names.items() if name in outputs.values()]
        self._streams = [names[place] for place in held if place.kind == declared.STREAM]
        # Tables of other stacks are not removed.
        self._tables = [names[place] for place in known.tables if place in held or not self._found]
        has_archive = known.has_archive and (self._found is None or "ArchiveBucketName" in outputs)
        self._archive = retained.archive(account, known, values) if has_archive else None
        if self._found is None:
            self._refuse_what_is_in_use()

    def _refuse_what_is_in_use(self) -> None:
        """Refuse tables and archive that another stack owns: without a stack, only their names are known."""
        names = [*self._tables, *([self._archive] if self._archive else [])]
        if used := retained.holders(self._account, names):
            stack = next(iter(used.values()))
            raise DeployError(
                f"There is no stack {self._name} in {self._account.where}, and {', '.join(sorted(used))} belongs "
                f"to the stack {stack}: give --stack {stack} if that is meant."
            )

    def tell(self) -> list[str]:
        """Lines on the resources that will be removed or kept."""
        told = []
        if self._found:
            told.append(f"This removes the stack {self._name} in {self._account.where}: the application with its")
            told.append(f"snapshots, {_streams(self._streams)}logs, alarms, the dashboard's page if it has one.")
            for stream, other in retained.users(self._account, self._streams).items():
                told.append(f"The stack {other} uses the stream {stream} too, and LOSES it.")
        kept = [(self._wants_tables, f"the table {name} with every row", "--delete-table") for name in self._tables]
        if self._archive:
            kept.append((self._wants_archive, f"the archive {self._archive} with every record", "--delete-archive"))
        told += [
            f"It REMOVES {what}." if asked else f"It keeps {what} ({flag} removes it)." for asked, what, flag in kept
        ]
        if self._found and self._archive and not self._wants_archive:
            seconds = self._template.value("ArchiveSeconds", self._found.parameters)
            told.append(
                f"What arrived in the last {seconds} s may not be in the archive yet, and is lost with the streams."
            )
        return told

    def carry_out(self, say: Say) -> Iterator[str]:
        """Remove the resources, and yield lines on removed and kept resources."""
        if self._found:
            self._stop(self._found, say)
            for output in ("ArtifactsBucket", "SiteBucket"):
                if bucket := self._found.outputs.get(output):
                    retained.empty(self._account, bucket, say)
            Stack(self._account, self._name, say).delete()
            yield f"The stack {self._name} is gone."
        kept = []
        for name in self._tables:
            if self._wants_tables:
                retained.delete_table(self._account, name, say)
            else:
                kept.append(f"the table {name}")
        if self._archive and self._wants_archive:
            retained.delete_bucket(self._account, self._archive, say)
        elif self._archive:
            kept.append(f"the archive {self._archive}")
        if kept:
            yield f"Kept: {' and '.join(kept)}. The next `python -m deploy up JOB` takes over what is kept."

    def _stop(self, found: Found, say: Say) -> None:
        """Stop the application, so that it processes the records it has read; without a snapshot if that fails."""
        name = self._template.value("ApplicationName", found.parameters)
        application = Application(self._account, name, say)
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


def _streams(names: list[str]) -> str:
    return f"the streams {', '.join(names)} with what is in them, " if names else ""
