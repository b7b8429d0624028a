"""The stack in CloudFormation: what would change, change it, remove it."""

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

PROPOSE_LIMIT = 300.0  # seconds for CloudFormation to say what would change
CHANGE_LIMIT = 2400.0  # seconds for a change; some ten minutes are usual, CloudFront takes the longest
_NOTHING = ("didn't contain changes", "No updates are to be performed")
# What is more than its description: data, state, or an address that others know.
HOLDING = (
    "AWS::Kinesis::Stream",
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::KinesisAnalyticsV2::Application",
    "AWS::Cognito::IdentityPool",
)
_CONSEQUENCE = ("cancelled", "canceled", "rollback requested")  # of another failure, which is the one to be told


@dataclass(frozen=True)
class Found:
    """A stack as it is: CloudFormation's status with its reason, parameters and outputs by name."""

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
        """Whether it can be updated: creation succeeded, and so did the last update or its rollback."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Change:
    """What would happen to one resource.

    replacement: "True" if it would be made anew, and lose what it holds; "Conditional" if that may be; else "".
    is_certain: False if it only follows from another change that may leave it as it is.
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
    """A change set: what would change.

    is_new: for a stack that is not there. is_something: False if there is nothing to carry out; what there is may be
    no change of a resource, but of an output.
    """

    id: str
    is_new: bool
    changes: Sequence[Change]
    is_something: bool = True


class Stack:
    """The stack of this name. Every method raises DeployError with one sentence."""

    def __init__(self, account: Account, name: str, say: Say = lambda _text: None) -> None:
        self._account, self.name, self._say = account, name, say
        self._cloudformation = account.client("cloudformation")

    def find(self) -> Found | None:
        """The stack, or None if there is none; one that was only ever looked at (a change set) is none."""
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
        """The stack, which must be there."""
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
        """Refuse a stack that cannot be changed: something is under way, or its creation or last change failed."""
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
        """What this template with these parameters would change; parameters that are not given stay as they are.

        Of `values` those count that the template has.
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
            more["DisableValidation"] = True  # the emulator's takes what is to be imported for a conflict
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
        """Drop a change set that is not to be carried out, and the empty stack that one for a new stack leaves."""
        with self._account.sentences():
            self._cloudformation.delete_change_set(ChangeSetName=proposal.id, StackName=self.name)
            if proposal.is_new:
                # Somebody else may have created it meanwhile.
                stack = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
                if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
                    self._cloudformation.delete_stack(StackName=stack["StackId"])

    def execute(self, proposal: Proposal) -> Found:
        """Carry the changes out, wait, and return the stack as it is then."""
        known = {one["EventId"] for one in self._events(self.name)}
        more = {}
        if proposal.is_new and not any(one.action == "Import" for one in proposal.changes):
            more["RetainExceptOnCreate"] = True  # if it fails, nothing of it stays; what is taken over always does
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
        """Remove the stack and wait until it is gone. What the template retains, stays."""
        found = self.find()
        if found is None:
            return
        known = {one["EventId"] for one in self._events(found.id)}
        with self._account.sentences():
            self._cloudformation.delete_stack(StackName=self.name)
        # By its id, for a stack that is gone has no name any more.
        left = self._settled(found.id, known, "The removal of the stack")
        if left is not None and left.status != "DELETE_COMPLETE":
            raise DeployError(
                f"The stack {self.name} could not be removed and is {left.status}: {self._failure(found.id, known)}."
            )

    def _settled(self, id_: str, known: set[str], what: str, touched: set[str] | None = None) -> Found | None:
        """Wait until nothing is in progress, telling what happens (to the resources that are `touched`)."""
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
        """The stack's events, the newest first; none if there is no stack."""
        return self._listed("describe_stack_events", "StackEvents", StackName=id_)

    def _listed(self, operation: str, key: str, **request: str) -> list[dict[str, Any]]:
        return self._account.listed("cloudformation", operation, key, **request)

    def _failure(self, id_: str, known: set[str]) -> str:
        """The first failure since then that is no consequence of another."""
        failed = [
            f"{one['LogicalResourceId']} ({one_line(one.get('ResourceStatusReason', 'no reason given'))})"
            for one in reversed(self._events(id_))
            if one["EventId"] not in known and one["ResourceStatus"].endswith("_FAILED")
        ]
        telling = [one for one in failed if not any(word in one.lower() for word in _CONSEQUENCE)]
        if any("DescribeEvents" in one for one in telling):  # what CloudFormation found before it changed anything
            telling = self._validation_errors(StackName=id_) + telling
        return (telling or failed or ["CloudFormation's events give no reason"])[0]

    def _validation_errors(self, **of: str) -> list[str]:
        """What CloudFormation found wrong before changing anything; none if it cannot be asked for that."""
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
