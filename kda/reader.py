"""Files in which applications are kept: SQL, JSON, templates of CloudFormation, files of Terraform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kda import json_tree, templates
from kda.applications import Application, Configuration, Schema, written
from kda.malformed import Malformed
from kda.places import Code, File
from kda.tree import Fields, Items, Node, child, of_kind

_LARGEST = 20_000_000  # bytes; the service took 100 kB of SQL, and a template has 1 MB
_SUFFIXES = {".sql": "sql", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".tf": "terraform"}


@dataclass(frozen=True)
class Origin:
    """A file and its applications, at least one."""

    file: File
    applications: tuple[Application, ...]


def read(path: Path) -> Origin:
    """The applications of a file. Raises Malformed, also for a file that cannot be read or has none."""
    file = _opened(path)
    applications = _of(file, _SUFFIXES.get(path.suffix.lower()) or _form(file.text))
    return Origin(file, tuple(applications))


def schema(path: Path) -> Schema:
    """The schema in a file of JSON or YAML: what DiscoverInputSchema answered, `discover` wrote, or such a part alone.

    Raises Malformed, also for a schema without columns.
    """
    file = _opened(path)
    root = _values(file, _SUFFIXES.get(path.suffix.lower()) or _form(file.text))
    fields = of_kind(file, root, Fields, "the schema")
    fields = child(file, fields, ("InputSchema", "ReferenceSchema"), Fields) or fields
    found = Configuration(file, written(file)).schema(fields)
    if found.columns is None:
        raise file.malformed(fields.start, "expected InputSchema, with RecordColumns in it")
    return found


def _opened(path: Path) -> File:
    name = str(path)
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise Malformed(name, 0, 0, f"expected a file of at most {_LARGEST // 1_000_000} MB")
        content = path.read_bytes()
    except OSError as error:
        raise Malformed(name, 0, 0, f"the file cannot be read ({error.strerror})") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise Malformed(name, line, column, f"expected UTF-8, found the byte 0x{content[error.start]:02x}") from None
    # One line feed ends a line, whatever wrote the file.
    return File(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def _form(text: str) -> str:
    """The form of a file whose name does not say it."""
    if text.lstrip().startswith(("{", "[")):
        return "json"
    if 'resource "aws_kinesis' in text:
        return "terraform"
    return "yaml" if "\nResources:" in text or text.startswith("Resources:") else "sql"


def _of(file: File, form: str) -> list[Application]:
    if form == "sql":
        return [Application(None, Code.whole(file))]
    if form == "terraform":
        from kda import terraform  # noqa: PLC0415  (each form only where it is needed)

        found = templates.terraform(file, terraform.parsed(file))
        wanted = "a resource aws_kinesis_analytics_application, or aws_kinesisanalyticsv2_application with SQL"
    else:
        found = _of_values(file, form)
        wanted = (
            "ApplicationDetail (an answer of describe-application), ApplicationCode, or Resources with an "
            "AWS::KinesisAnalytics::Application or AWS::KinesisAnalyticsV2::Application with SQL"
        )
    if not found:
        raise Malformed(file.name, 0, 0, f"expected {wanted}")
    return found


def _values(file: File, form: str) -> Node:
    if form == "json" or file.text.lstrip().startswith("{"):
        return json_tree.parsed(file)
    from kda import yaml_tree  # noqa: PLC0415

    return yaml_tree.parsed(file)


def _of_values(file: File, form: str) -> list[Application]:
    root = _values(file, form)
    if isinstance(root, Items) and len(root.values) == 1:
        root = root.values[0]
    if not isinstance(root, Fields):
        return []
    if "Resources" in root.values:
        return templates.cloudformation(file, root)
    fields = child(file, root, ("ApplicationDetail",), Fields) or root
    application = Configuration(file, written(file)).application(fields)
    return [] if application is None else [application]
