"""Applications in templates of CloudFormation, which are also what CDK synthesises, and in Terraform's files."""

from __future__ import annotations

from dataclasses import replace

from kda.applications import Application, Configuration, written
from kda.places import File
from kda.template_texts import resolver
from kda.terraform import BLOCK
from kda.tree import Fields, Items, Node, Scalar, Text, child, of_kind

_KINDS = ("AWS::KinesisAnalytics::", "AWS::KinesisAnalyticsV2::")


def cloudformation(file: File, root: Fields) -> list[Application]:
    """The applications of a template. Raises Malformed."""
    parameters = child(file, root, ("Parameters",), Fields)
    configuration = Configuration(file, resolver(file, parameters.values if parameters else {}))
    resources = child(file, root, ("Resources",), Fields) or Fields({}, root.start)
    found: dict[str, Application] = {}
    parts: list[tuple[str, str, Fields]] = []
    for name, node in resources.values.items():
        resource = of_kind(file, node, Fields, f"resource {name}")
        kind = configuration.text(resource, "Type")
        service = next((service for service in _KINDS if kind.startswith(service)), None)
        if service is None:
            continue
        properties = child(file, resource, ("Properties",), Fields) or Fields({}, resource.start)
        if kind == f"{service}Application":
            application = configuration.application(properties)
            if application is not None:
                found[name] = application
        else:
            parts.append((name, kind.removeprefix(service), properties))
    for name, kind, properties in parts:
        owner = _owner(configuration, properties, found)
        if owner is None:
            if found:
                raise file.malformed(
                    properties.start,
                    f"expected {name} to name one of the applications of this file ({', '.join(found)})",
                )
            continue
        found[owner] = _with_part(configuration, found[owner], kind, properties)
    return [one if one.name else replace(one, name=name) for name, one in found.items()]


def _owner(configuration: Configuration, properties: Fields, found: dict[str, Application]) -> str | None:
    """The application to which an output or reference table belongs: by reference, by name, or the only one."""
    named = configuration.text(properties, "ApplicationName")
    for name, application in found.items():
        if named in (f"${{{name}}}", f"${{{name}.Arn}}", application.name):
            return name
    return next(iter(found)) if len(found) == 1 else None


def _with_part(configuration: Configuration, application: Application, kind: str, properties: Fields) -> Application:
    own = Configuration(configuration.file, configuration.resolve)
    found = _part(own, application, kind, properties)
    return replace(found, gaps=(*found.gaps, *own.gaps))


def _part(configuration: Configuration, application: Application, kind: str, properties: Fields) -> Application:
    if kind == "ApplicationOutput" and (output := configuration.inside(properties, "Output")):
        return application.with_parts(outputs=[configuration.output(output)])
    if kind == "ApplicationReferenceDataSource" and (
        reference := configuration.inside(properties, "ReferenceDataSource")
    ):
        return application.with_parts(references=[configuration.reference(reference)])
    return application


# ---- Terraform

_RESOURCES = ("aws_kinesis_analytics_application", "aws_kinesisanalyticsv2_application")
# Blocks and attributes by the names of the API; what is not here has no part in the SQL.
_NAMES = {
    "name": "ApplicationName",
    "code": "ApplicationCode",
    "runtime_environment": "RuntimeEnvironment",
    "application_configuration": "ApplicationConfiguration",
    "application_code_configuration": "ApplicationCodeConfiguration",
    "code_content": "CodeContent",
    "text_content": "TextContent",
    "sql_application_configuration": "SqlApplicationConfiguration",
    "inputs": "Inputs",
    "input": "Inputs",
    "outputs": "Outputs",
    "output": "Outputs",
    "reference_data_sources": "ReferenceDataSources",
    "reference_data_source": "ReferenceDataSources",
    "name_prefix": "NamePrefix",
    "input_parallelism": "InputParallelism",
    "parallelism": "InputParallelism",
    "count": "Count",
    "input_schema": "InputSchema",
    "reference_schema": "ReferenceSchema",
    "destination_schema": "DestinationSchema",
    "record_column": "RecordColumns",
    "record_columns": "RecordColumns",
    "record_format": "RecordFormat",
    "record_format_type": "RecordFormatType",
    "mapping_parameters": "MappingParameters",
    "json": "JSONMappingParameters",
    "json_mapping_parameters": "JSONMappingParameters",
    "csv": "CSVMappingParameters",
    "csv_mapping_parameters": "CSVMappingParameters",
    "record_row_path": "RecordRowPath",
    "record_row_delimiter": "RecordRowDelimiter",
    "record_column_delimiter": "RecordColumnDelimiter",
    "sql_type": "SqlType",
    "mapping": "Mapping",
    "resource_arn": "ResourceARN",
    "table_name": "TableName",
    "s3": "S3ReferenceDataSource",
    "s3_reference_data_source": "S3ReferenceDataSource",
    "bucket_arn": "BucketARN",
    "file_key": "FileKey",
    "input_processing_configuration": "InputProcessingConfiguration",
    "processing_configuration": "InputProcessingConfiguration",
    "input_lambda_processor": "InputLambdaProcessor",
    "kinesis_streams_input": "KinesisStreamsInput",
    "kinesis_firehose_input": "KinesisFirehoseInput",
    "kinesis_streams_output": "KinesisStreamsOutput",
    "kinesis_firehose_output": "KinesisFirehoseOutput",
    "lambda_output": "LambdaOutput",
}
# Names that mean another thing within one of these blocks.
_INSIDE = {
    ("Inputs", "schema"): "InputSchema",
    ("Inputs", "kinesis_stream"): "KinesisStreamsInput",
    ("Inputs", "kinesis_firehose"): "KinesisFirehoseInput",
    ("InputProcessingConfiguration", "lambda"): "InputLambdaProcessor",
    ("Outputs", "schema"): "DestinationSchema",
    ("Outputs", "name"): "Name",
    ("Outputs", "kinesis_stream"): "KinesisStreamsOutput",
    ("Outputs", "kinesis_firehose"): "KinesisFirehoseOutput",
    ("Outputs", "lambda"): "LambdaOutput",
    ("ReferenceDataSources", "schema"): "ReferenceSchema",
    ("RecordColumns", "name"): "Name",
}
_LISTS = {"Inputs", "Outputs", "ReferenceDataSources", "RecordColumns"}


def terraform(file: File, root: Fields) -> list[Application]:
    """The applications of a file of Terraform. Raises Malformed."""
    found = []
    blocks = root.values.get("resource")
    for block in blocks.values if isinstance(blocks, Items) else ():
        if not isinstance(block, Fields):
            continue
        labels = block.values[BLOCK]
        names = [one.value for one in labels.values if isinstance(one, Text)] if isinstance(labels, Items) else []
        if not names or names[0] not in _RESOURCES:
            continue
        fields = _renamed(block, "")
        code = _code(fields)
        if isinstance(code, Scalar) or (isinstance(code, Text) and code.value.startswith("${file(")):
            raise file.malformed(
                code.start,
                f"expected the SQL as a text or heredoc, found {code.value}: "
                "give the file with the SQL to this command instead",
            )
        application = Configuration(file, written(file)).application(fields)
        if application is not None:
            found.append(application)
    return found


def _code(fields: Fields) -> Node | None:
    for name in ("ApplicationConfiguration", "ApplicationCodeConfiguration", "CodeContent"):
        inner = fields.values.get(name)
        fields = inner if isinstance(inner, Fields) else fields
    return fields.values.get("TextContent") or fields.values.get("ApplicationCode")


def _renamed(fields: Fields, inside: str) -> Fields:
    """A block with the names of the API; a block that may stand once is a mapping, not a list."""
    found = Fields({}, fields.start)
    for name, node in fields.values.items():
        known = _INSIDE.get((inside, name)) or _NAMES.get(name)
        if known is None:
            continue
        if isinstance(node, Items) and all(isinstance(one, Fields) for one in node.values) and node.values:
            blocks = [_renamed(one, known) for one in node.values if isinstance(one, Fields)]
            found.values[known] = Items(blocks, node.start) if known in _LISTS else blocks[0]
        else:
            found.values[known] = node
    return found
