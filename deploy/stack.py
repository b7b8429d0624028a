"""The CloudFormation stack: propose changes, execute them, remove the stack."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws.failures import one_line
from deploy import template
from deploy.account import Account, DeployError, Wait
from program.output import Say

PROPOSE_LIMIT = 300.0  # seconds for CloudFormation to compute a change set
CHANGE_LIMIT = 2400.0  # seconds for a change; about ten minutes are usual, CloudFront takes the longest
_NOTHING = ("didn't contain changes", "No updates are to be performed")
# Types of resources whose replacement loses data, state, or an address that others know.
HOLDING = (
    "AWS::Kinesis::Stream",
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::KinesisAnalyticsV2::Application",
    "AWS::Cognito::IdentityPool",
)
_CONSEQUENCE = ("cancelled", "canceled", "rollback requested")  # of another failure, which the message names


@dataclass(frozen=True)
class Found:
    """The current stack: CloudFormation's status with its reason, parameters and outputs by name."""

    id: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def is_busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS")

    @property
    def is_sound(self) -> bool:
        """Whether an update is possible: the creation succeeded, and the last update or its rollback."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Change:
    """A change of a resource in a change set.

    replacement: "True" if the resource would be replaced and lose its data; "Conditional" if it may be; else "".
    is_certain: False if the change depends on another change, and may not happen.
    """

    action: str
    resource: str
    type: str
    replacement: str
    is_certain: bool = True

    def __str__(self) -> str:
        verb = {"Add": "create", "Modify": "change", "Remove": "remove", "Import": "take over"}.get(self.action)
        warning = ""
        if self.type in HOLDING and self.action == "Modify":
            warning = {
                "True": ", which REPLACES it: what it holds is lost",
                "Conditional": ", which replaces it, with the loss of what it holds, if its name changes",
            }.get(self.replacement, "")
        return f"{verb or self.action.lower()} {self.resource} ({self.type}){warning}"


@dataclass(frozen=True)
class Proposal:
    """A change set.

    is_new: the stack does not exist yet. is_something: False if there is nothing to execute. True without changes
    means that only an output changes.
    """

    id: str
    is_new: bool
    changes: Sequence[Change]
    is_something: bool = True


class Stack:
    """The stack of this name. Every method may raise DeployError."""

    def __init__(self, account: Account, name: str, say: Say = lambda _text: None) -> None:
        self._account, self.name, self._say = account, name, say
        self._cloudformation = account.client("cloudformation")

    def find(self) -> Found | None:
        """The stack, or None if it does not exist. A stack with nothing but a change set does not exist."""
        answer = self._account.look_up(self._cloudformation.describe_stacks, StackName=self.name)
        if answer is None:
            return None
        one = answer["Stacks"][0]
        if one["StackStatus"] == "REVIEW_IN_PROGRESS":
            return None
        return Found(
            one["StackId"],
            one["StackStatus"],
            one.get("StackStatusReason", ""),
            {each["ParameterKey"]: each["ParameterValue"] for each in one.get("Parameters", ())},
            {each["OutputKey"]: each["OutputValue"] for each in one.get("Outputs", ())},
        )

    def require(self) -> Found:
        """The stack, which must exist."""
        found = self.find()
        if found is None:
            raise DeployError(
                f"There is no stack {self.name} in {self._account.where}: `python -m deploy up JOB` creates it."
            )
        return found

    def resources(self) -> Mapping[str, str]:
        """The physical names of the stack's resources by their names in the template."""
        return {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in self._resources()}

    def kinds(self) -> Mapping[str, str]:
        """The types of the stack's resources by their physical names."""
        return {
            one["PhysicalResourceId"]: one["ResourceType"] for one in self._resources() if "PhysicalResourceId" in one
        }

    def _resources(self) -> list[dict[str, Any]]:
        found = self._listed("list_stack_resources", "StackResourceSummaries", StackName=self.name)
        return [one for one in found if one["ResourceStatus"] != "DELETE_COMPLETE"]

    def require_sound(self, found: Found) -> None:
        """Refuse a stack that cannot be changed: it is busy, or its creation or last change failed."""
        if found.is_busy:
            raise DeployError(
                f"The stack {self.name} is {found.status}: wait until `python -m deploy status JOB` shows it has ended."
            )
        if not found.is_sound:
            raise DeployError(
                f"The stack {self.name} is {found.status} ({found.reason or 'no reason given'}): "
                "`python -m deploy down JOB` removes it, all but table and archive; then `up` creates it anew."
            )

    def propose(self, body: str, values: Mapping[str, str]) -> Proposal:
        """The changes that this template and these parameters would make. Other parameters keep their values.

        Names in `values` that the template lacks are ignored.
        """
        found = self.find()
        if found is not None:
            self.require_sound(found)
        known = json.loads(body)["Parameters"]
        values = {name: value for name, value in values.items() if name in known}
        kept = [name for name in (found.parameters if found else ()) if name in known]
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
        previous = [{"ParameterKey": name, "UsePreviousValue": True} for name in kept if name not in values]
        more = {}
        if self._account.is_emulated:
            more["DisableValidation"] = True  # the emulator's takes an import for a conflict
            body = template.resolved(body, {**(found.parameters if found else {}), **values})
        with self._account.sentences():
            answer = self._cloudformation.create_change_set(
                StackName=self.name,
                ChangeSetName=f"deploy-{time.time_ns()}",
                ChangeSetType="UPDATE" if found else "CREATE",
                TemplateBody=body,
                Parameters=[*given, *previous],
                Capabilities=["CAPABILITY_IAM"],
                ImportExistingResources=True,
                **more,
            )
        return self._computed(answer["Id"], is_new=found is None)

    def _computed(self, id_: str, *, is_new: bool) -> Proposal:
        what, remedy = "CloudFormation's list of changes", "try again, or look at the stack in the console"
        wait = Wait(what, PROPOSE_LIMIT, remedy, self._say)

        def ended() -> Any:
            with self._account.sentences():
                answer = self._cloudformation.describe_change_set(ChangeSetName=id_, StackName=self.name)
            return answer if answer["Status"] in ("CREATE_COMPLETE", "FAILED") else None

        answer = wait.until(ended)
        if answer["Status"] == "CREATE_COMPLETE":
            changes = self._listed("describe_change_set", "Changes", ChangeSetName=id_, StackName=self.name)
            return Proposal(id_, is_new, [_change(one["ResourceChange"]) for one in changes])
        reason = answer.get("StatusReason", "")
        proposal = Proposal(id_, is_new, (), is_something=False)
        found = self._validation_errors(ChangeSetName=id_)
        self.discard(proposal)
        if any(nothing in reason for nothing in _NOTHING):
            return proposal
        reason = "; ".join(found) or reason.rstrip(".")
        raise DeployError(f"CloudFormation refuses the change ({reason}): correct what it names.")

    def discard(self, proposal: Proposal) -> None:
        """Delete a change set, and the empty stack that a change set for a new stack leaves."""
        with self._account.sentences():
            self._cloudformation.delete_change_set(ChangeSetName=proposal.id, StackName=self.name)
            if proposal.is_new:
                # Another user may have created the stack meanwhile.
                stack = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
                if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
                    self._cloudformation.delete_stack(StackName=stack["StackId"])

    def execute(self, proposal: Proposal) -> Found:
        """Execute the changes, wait, and return the changed stack."""
        known = {one["EventId"] for one in self._events(self.name)}
        more = {}
        if proposal.is_new and not any(one.action == "Import" for one in proposal.changes):
            more["RetainExceptOnCreate"] = True  # after a failure nothing stays, except resources taken over
        with self._account.sentences():
            self._cloudformation.execute_change_set(ChangeSetName=proposal.id, StackName=self.name, **more)
        touched = {one.resource for one in proposal.changes}
        found = self._settled(self.name, known, "The change of the stack", touched)
        if found is None or not found.is_sound or "ROLLBACK" in found.status:
            status = found.status if found else "gone"
            raise DeployError(
                f"The stack {self.name} could not be changed and is {status}: {self._failure(self.name, known)}."
            )
        return found

    def delete(self) -> None:
        """Remove the stack and wait until it is gone. Retained resources stay."""
        found = self.find()
        if found is None:
            return
        known = {one["EventId"] for one in self._events(found.id)}
        with self._account.sentences():
            self._cloudformation.delete_stack(StackName=self.name)
        # By its id, since a removed stack has no name any more.
        left = self._settled(found.id, known, "The removal of the stack")
        if left is not None and left.status != "DELETE_COMPLETE":
            raise DeployError(
                f"The stack {self.name} could not be removed and is {left.status}: {self._failure(found.id, known)}."
            )

    def _settled(self, id_: str, known: set[str], what: str, touched: set[str] | None = None) -> Found | None:
        """Wait until the stack is not busy, and report its events (only on `touched` resources, if given)."""
        told = set(known)
        wait = Wait(what, CHANGE_LIMIT, "it goes on in the account; `python -m deploy status JOB` shows it", self._say)
        found: Found | None = None

        def has_ended() -> bool:
            nonlocal found
            found = Stack(self._account, id_).find()
            for event in reversed(self._events(id_)):
                if event["EventId"] not in told:
                    told.add(event["EventId"])
                    if touched is None or event["LogicalResourceId"] in touched:
                        self._tell(event, wait.elapsed)
            has_begun = len(told) > len(known)
            return has_begun and (found is None or not found.is_busy)

        wait.until(has_ended)
        return found

    def _tell(self, event: Mapping[str, Any], elapsed: float) -> None:
        status = str(event["ResourceStatus"])
        if (
            status.endswith(("_COMPLETE", "_FAILED", "_SKIPPED"))
            and event["ResourceType"] != "AWS::CloudFormation::Stack"
        ):
            did = status.lower().replace("_", " ")
            self._say(f"{elapsed:5.0f} s  {did}: {event['LogicalResourceId']} ({event['ResourceType']})")

    def _events(self, id_: str) -> list[dict[str, Any]]:
        """The stack's events, the newest first; none if the stack does not exist."""
        return self._listed("describe_stack_events", "StackEvents", StackName=id_)

    def _listed(self, operation: str, key: str, **request: str) -> list[dict[str, Any]]:
        return self._account.listed("cloudformation", operation, key, **request)

    def _failure(self, id_: str, known: set[str]) -> str:
        """The first failure after the `known` events that no other failure caused."""
        failed = [
            f"{one['LogicalResourceId']} ({one_line(one.get('ResourceStatusReason', 'no reason given'))})"
            for one in reversed(self._events(id_))
            if one["EventId"] not in known and one["ResourceStatus"].endswith("_FAILED")
        ]
        telling = [one for one in failed if not any(word in one.lower() for word in _CONSEQUENCE)]
        if any("DescribeEvents" in one for one in telling):  # errors of a validation before any change
            telling = self._validation_errors(StackName=id_) + telling
        return (telling or failed or ["CloudFormation's events give no reason"])[0]

    def _validation_errors(self, **of: str) -> list[str]:
        """Errors of CloudFormation's validation before a change; none if the call fails."""
        try:
            with self._account.sentences():
                events = self._cloudformation.describe_events(**of, Filters={"FailedEvents": True})
        except DeployError:
            return []
        return [
            f"{one.get('LogicalResourceId', self.name)} ({one_line(one['ValidationStatusReason'])})"
            for one in events["OperationEvents"]
            if one.get("ValidationStatusReason")
        ]


def _change(one: Mapping[str, Any]) -> Change:
    replacement = str(one.get("Replacement", ""))
    evaluations = {detail.get("Evaluation") for detail in one.get("Details", ())}
    is_certain = not evaluations or "Static" in evaluations
    return Change(one["Action"], one["LogicalResourceId"], one["ResourceType"], replacement, is_certain)
