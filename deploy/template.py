"""The CloudFormation template of a job's stack: parts in YAML, and parts made from the job's declaration.

    base.yaml        the resources of every stack
    archive.yaml     for a job with a single source: its raw records in S3
    queries.yaml, dashboard.yaml   only for the workshop's job
    declared.py      streams, tables, permissions, settings, alarms of any job

A stack belongs to a single job, and needs no other stack. Streams and tables outside of it are used, not created.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import yaml

from deploy import declared, outside, readers
from deploy.declared import Place
from deploy.names import Node
from deploy.outside import Outside
from pipeline.job import JOBS, Job
from program.errors import Unusable, hint

LIMIT = 51_200  # bytes of a template in a request (quotas of AWS CloudFormation)
WORKSHOP = "unicorn_summary"  # the job with queries and a dashboard
_SECTIONS = ("Parameters", "Conditions", "Resources", "Outputs")
_PREFIXES = {WORKSHOP: "wildrydes"}  # the workshop's name for all but the application
_LONGEST_PREFIX = 20  # so that a bucket's name has 63 characters at most


class TemplateError(Unusable):
    """Parameters that the template does not have or does not accept; the text lists them all."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the template: its default, its description, and the values that are accepted."""

    name: str
    default: str
    description: str
    allowed: tuple[str, ...]
    pattern: str | None
    least: float | None
    most: float | None

    def problem(self, value: str) -> str | None:
        """Why the value is not accepted, or None."""
        if self.allowed and value not in self.allowed:
            return f"{self.name} is {value!r}, but must be one of {', '.join(self.allowed)}"
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            return f"{self.name} is {value!r}, but must match {self.pattern}"
        if self.least is not None:
            number = int(value) if re.fullmatch(r"\d{1,9}", value) else -1
            if not self.least <= number <= (self.most or number):
                return f"{self.name} is {value!r}, but must be a whole number from {self.least:g}" + (
                    f" to {self.most:g}" if self.most is not None else " on"
                )
        return None


@dataclass(frozen=True)
class Query:
    """A named query over the archive."""

    name: str
    description: str
    sql: str


class _Loader(yaml.CSafeLoader):
    """Reads CloudFormation's short forms as their long ones: !Ref X as {"Ref": "X"}."""


def _intrinsic(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TypeError(f"!{suffix} stands before {node.tag}")
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def _part(file: str, names: tuple[str, str, str]) -> Node:
    """A part of the template, intrinsic functions in their long form. names: for {job}, {name}, {prefix}."""
    text = (resources.files(__package__) / file).read_text(encoding="utf-8")
    for name, value in zip(("{job}", "{name}", "{prefix}"), names, strict=True):
        text = text.replace(name, value)
    parsed: Node = yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe loader with CloudFormation's tags)
    return parsed


@dataclass(frozen=True)
class Template:
    """The template of a job's stack. document: creates every resource. outside: what the job uses besides."""

    job: Job
    places: Sequence[Place]
    outside: Sequence[Outside]
    document: Mapping[str, Any]

    @property
    def stack(self) -> str:
        """The stack's default name."""
        return _PREFIXES.get(self.job.name, _dashed(self.job))

    @property
    def tables(self) -> list[Place]:
        """The DynamoDB tables."""
        return [place for place in self.places if place.kind == declared.TABLE]

    @property
    def has_archive(self) -> bool:
        """Whether the stack can have an archive."""
        return "ArchiveBucket" in self.document["Resources"]

    @property
    def has_dashboard(self) -> bool:
        """Whether the stack can have a dashboard."""
        return "Site" in self.document["Resources"]

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters by name, in the template's order."""
        return _parameters(self.document)

    def value(self, name: str, values: Mapping[str, str]) -> str:
        """A parameter's given value, else the template's default."""
        return values.get(name, self.parameters[name].default)

    def check(self, values: Mapping[str, str]) -> None:
        """Raise TemplateError unless each of these parameters exists and accepts its value."""
        problems = []
        known = self.parameters
        for name, value in values.items():
            if name not in known:
                problems.append(f"the template has no parameter {name}{hint(name, known)}")
            elif problem := known[name].problem(value):
                problems.append(problem)
        if problems:
            raise TemplateError("; ".join(problems) + ".")

    def text(self, used: Collection[str] = (), taken_over: Mapping[str, str] | None = None) -> str:
        """The template as JSON for a request.

        used: existing resources that stay outside of the stack; the template refers to their names. taken_over: the
        existing resources that the stack will own, with their names (CloudFormation imports literal names only).
        Raises TemplateError if the text is too long for a request.
        """
        document = copy.deepcopy(dict(self.document))
        for name, literal in (taken_over or {}).items():
            properties = document["Resources"][name]["Properties"]
            properties["BucketName" if "BucketName" in properties else "TableName"] = literal
        outside = [place for place in self.places if place.resource in used]
        for place in outside:
            del document["Resources"][place.resource]
            del document["Outputs"][place.output]
        body = _json(document)
        for place in outside:
            body = body.replace(_json(place.arn), _json(place.outside_arn))
            body = body.replace(_json(place.ref), _json({"Ref": place.parameter}))
            body = body.replace(f"${{{place.resource}}}", f"${{{place.parameter}}}")
        body = _json(_pruned(json.loads(body))) if outside else body
        if len(body.encode()) > LIMIT:
            raise TemplateError(
                f"The template of {self.job.name} has {len(body.encode()):,} bytes, CloudFormation takes {LIMIT:,}: "
                "split the job."
            )
        return body


def of(job: Job) -> Template:
    """The template of a job's stack."""
    name = _dashed(job)
    names = (job.name, name, _PREFIXES.get(job.name, name)[:_LONGEST_PREFIX].rstrip("-"))
    is_workshops = job.folder == JOBS / WORKSHOP
    files = [
        "base.yaml",
        *(["archive.yaml"] if len([one for one in job.sources if job.far_end(one) == declared.STREAM]) == 1 else []),
        *(["queries.yaml", "dashboard.yaml"] if is_workshops else []),
    ]
    parts = [copy.deepcopy(_part(file, names)) for file in files]
    taken = {name for part in parts for section in _SECTIONS for name in part.get(section, ())}
    places = declared.of(job, taken)
    taken |= {name for place in places for name in (place.parameter, place.resource)}
    others = outside.of(job, taken)
    reading = readers.of(job, places, taken | {name for one in others for name in one.parameters.values()})
    document: Node = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The job {job.name}, streaming SQL on Kinesis with PyFlink; made by `python -m deploy up`.",
        "Parameters": declared.parameters(places) | outside.parameters(others) | readers.parameters(reading),
        "Conditions": readers.conditions(reading),
        "Resources": declared.resources(job, places, has_archive="archive.yaml" in files) | readers.resources(reading),
        "Outputs": declared.outputs(places),
    }
    for part in parts:
        for section in _SECTIONS:
            document[section] |= part.get(section, {})
    role = document["Resources"]["JobRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    role["Statement"][:0] = declared.statements(job, places, others)
    application = document["Resources"]["Application"]["Properties"]["ApplicationConfiguration"]
    application["EnvironmentProperties"]["PropertyGroups"] += declared.groups(job, places, others)
    return Template(job, places, others, _pruned(document))


def _dashed(job: Job) -> str:
    """The job's name in the form of AWS names."""
    return job.name.lower().replace("_", "-").rstrip("-")


def _json(node: object) -> str:
    return json.dumps(node, separators=(",", ":"), ensure_ascii=False)


def _pruned(document: Node) -> Node:
    """The template without unused conditions and parameters."""
    used = _json([document["Resources"], document["Outputs"]])
    left, conditions = dict(document["Conditions"]), dict[str, Any]()
    while found := {name: one for name, one in left.items() if f'"{name}"' in used}:
        conditions |= found
        used += _json(found)
        left = {name: one for name, one in left.items() if name not in found}
    parameters = {
        name: one
        for name, one in document["Parameters"].items()
        if f'{{"Ref":"{name}"}}' in used or f"${{{name}}}" in used
    }
    return {**document, "Conditions": conditions, "Parameters": parameters}


def _parameters(document: Mapping[str, Any]) -> dict[str, Parameter]:
    return {
        name: Parameter(
            name=name,
            default=str(one["Default"]),
            description=" ".join(one["Description"].split()),
            allowed=tuple(str(value) for value in one.get("AllowedValues", ())),
            pattern=one.get("AllowedPattern"),
            least=one.get("MinValue"),
            most=one.get("MaxValue"),
        )
        for name, one in document["Parameters"].items()
    }


def common() -> Mapping[str, Parameter]:
    """The parameters of every job's stack that has an archive."""
    names = ("JOB", "the job's name", "the job's name")
    parts = (_part(file, names) for file in ("base.yaml", "archive.yaml"))
    return {name: one for part in parts for name, one in _parameters(part).items()}


def resolved(body: str, values: Mapping[str, str]) -> str:
    """A template without the resources and outputs whose condition is false with these parameters.

    For an emulator whose change sets ignore conditions.
    """
    parsed = json.loads(body)
    given = {name: one.default for name, one in _parameters(parsed).items()} | dict(values)

    def holds(one: Any) -> bool:
        match one:
            case {"Condition": str(name)}:
                return holds(parsed["Conditions"][name])
            case {"Fn::Not": [inner]}:
                return not holds(inner)
            case {"Fn::And": list(inner)}:
                return all(map(holds, inner))
            case {"Fn::Equals": [{"Ref": str(name)}, value]}:
                return given[name] == str(value)
        raise NotImplementedError(f"a condition of another form: {one}")

    for section in ("Resources", "Outputs"):
        parsed[section] = {
            name: one
            for name, one in parsed[section].items()
            if "Condition" not in one or holds({"Condition": one["Condition"]})
        }
    return json.dumps(parsed)


def _queries() -> Node:
    found: Node = _part("queries.yaml", ("", "", ""))["Resources"]
    return found


def queries() -> Mapping[str, Query]:
    """The named queries over the workshop's archive by name, in the template's order."""
    found = [one["Properties"] for one in _queries().values() if one["Type"] == "AWS::Athena::NamedQuery"]
    return {one["Name"]: Query(one["Name"], one["Description"], " ".join(one["QueryString"].split())) for one in found}


def archive_columns() -> Mapping[str, str]:
    """The columns of the table over the archive, with Hive's types, in order."""
    columns = _queries()["ArchiveTable"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    return {one["Name"]: one["Type"] for one in columns}


def archive_table() -> str:
    """The name of the table over the archive."""
    return str(_queries()["ArchiveTable"]["Properties"]["TableInput"]["Name"])
