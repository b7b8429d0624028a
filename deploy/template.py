"""The one description of all cloud resources, `template.yaml`, as text and as data."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from program.errors import Unusable

FILE = "template.yaml"
# What outlives its stack. A later stack takes them over again, which CloudFormation does for literal names only.
_RETAINED = {
    "Table": "TableName: !Ref Table\n",
    "ArchiveBucket": 'BucketName: !Sub "${BucketPrefix}-archive-${AWS::AccountId}-${AWS::Region}"\n',
}


class TemplateError(Unusable):
    """Parameters that the template does not have or does not accept; the text lists every one."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the template: its default, what it means, and what CloudFormation accepts."""

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


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their long ones: !Ref X as {"Ref": "X"}."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
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
def text() -> str:
    """The template as it is written."""
    return (resources.files(__package__) / FILE).read_text(encoding="utf-8")


@cache
def document() -> dict[str, Any]:
    """The template parsed, intrinsic functions in their long form."""
    return _parse(text())


def _parse(body: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.load(body, Loader=_Loader)  # noqa: S506  (a SafeLoader with CloudFormation's tags)
    return parsed


@cache
def parameters() -> Mapping[str, Parameter]:
    """The template's parameters by name, in its order."""
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
        for name, one in document()["Parameters"].items()
    }


def check(values: Mapping[str, str]) -> None:
    """Raise TemplateError unless each of these parameters exists and accepts its value."""
    problems = []
    known = parameters()
    for name, value in values.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            problems.append(f"the template has no parameter {name} ({hint})")
        elif problem := known[name].problem(value):
            problems.append(problem)
    if problems:
        raise TemplateError("; ".join(problems) + ".")


def resolved(body: str, values: Mapping[str, str]) -> str:
    """A template, as JSON, without the resources and outputs that a stack with these parameters does not have.

    For an emulator whose change sets do not look at conditions.
    """
    parsed = _parse(body)
    given = {name: one.default for name, one in parameters().items()} | dict(values)

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
        raise NotImplementedError(f"{FILE} has a condition of another form: {one}")

    for section in ("Resources", "Outputs"):
        parsed[section] = {
            name: one
            for name, one in parsed[section].items()
            if "Condition" not in one or holds({"Condition": one["Condition"]})
        }
    return json.dumps(parsed)


def with_literal_names(table: str | None, archive: str | None) -> str:
    """The template with the literal names of the table and of the archive's bucket, for each that exists already."""
    body = text()
    for kind, name in (("Table", table), ("ArchiveBucket", archive)):
        if name is None:
            continue
        line = _RETAINED[kind]
        if body.count(line) != 1:
            raise RuntimeError(f"{FILE} names {kind} in another way than is expected here")
        body = body.replace(line, f'{line.partition(":")[0]}: "{name}"\n')
    return body


def queries() -> Mapping[str, Query]:
    """The named queries by name, in the template's order."""
    found = [one["Properties"] for one in document()["Resources"].values() if one["Type"] == "AWS::Athena::NamedQuery"]
    return {one["Name"]: Query(one["Name"], one["Description"], " ".join(one["QueryString"].split())) for one in found}


def archive_columns() -> Mapping[str, str]:
    """The columns of the table over the archive, with Hive's types, in order."""
    columns = document()["Resources"]["Readings"]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    return {one["Name"]: one["Type"] for one in columns}


def archive_table() -> str:
    """The name of the table over the archive."""
    return str(document()["Resources"]["Readings"]["Properties"]["TableInput"]["Name"])
