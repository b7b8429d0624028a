"""An application as it was configured: its code, inputs, outputs and reference tables.

The same reader takes what the two APIs answered (`describe-application`) and were sent (`create-application`), and
templates, which have the names of the latter: an answer only has "Description" in its names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from kda.places import Code, File
from kda.tree import Fields, Items, Node, Scalar, Text, child, of_kind

_SERVICES = {"Streams": "kinesis", "Firehose": "firehose", "Lambda": "lambda"}


@dataclass(frozen=True)
class Column:
    """A column of a schema. type: as written, such as VARCHAR(16); mapping: the path in the record, "" without one."""

    name: str
    type: str
    mapping: str


@dataclass(frozen=True)
class Schema:
    """What makes rows of a record or file.

    columns: None if the file does not list them; format: JSON or CSV; row_path: of a JSON record, "" if none is given,
    or for CSV; row_delimiter, column_delimiter: of CSV.
    """

    columns: tuple[Column, ...] | None
    format: str = "JSON"
    row_path: str = ""
    row_delimiter: str = "\n"
    column_delimiter: str = ","


@dataclass(frozen=True)
class Input:
    """What is read. prefix: of the names of its in-application streams; offset: where it stands in the file.

    columns: None if the file has no schema; arn: of the stream, "" if unknown; service: kinesis or firehose; format,
    row_path and the delimiters: as in Schema. read_as: the names of its streams if they are others than X_001 .., as a
    text of SQL alone may have them.
    """

    prefix: str
    columns: tuple[Column, ...] | None
    arn: str
    service: str
    parallelism: int
    lambda_arn: str
    format: str
    row_path: str
    offset: int
    row_delimiter: str = "\n"
    column_delimiter: str = ","
    read_as: tuple[str, ...] = ()

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of its in-application streams: X_001, and as many as its parallelism."""
        return self.read_as or tuple(f"{self.prefix}_{number:03d}" for number in range(1, self.parallelism + 1))

    def with_schema(self, schema: Schema) -> Input:
        """The input with another schema."""
        return replace(self, **vars(schema))


@dataclass(frozen=True)
class Output:
    """What is written. stream: the in-application stream; service: kinesis, firehose or lambda."""

    stream: str
    arn: str
    service: str
    format: str
    offset: int


@dataclass(frozen=True)
class Reference:
    """A reference table in S3. columns: None if the file has no schema; format and what follows: as in Schema."""

    table: str
    columns: tuple[Column, ...] | None
    bucket: str
    key: str
    offset: int
    format: str = "JSON"
    row_path: str = ""
    row_delimiter: str = "\n"
    column_delimiter: str = ","

    def with_schema(self, schema: Schema) -> Reference:
        """The reference table with another schema."""
        return replace(self, **vars(schema))


@dataclass(frozen=True)
class Application:
    """An application.

    name: None if the file has none, as a .sql file; is_configured: whether the file can have inputs and outputs; gaps:
    where a function of CloudFormation stands in the place of a part, and which.
    """

    name: str | None
    code: Code
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    references: tuple[Reference, ...] = ()
    is_configured: bool = False
    gaps: tuple[tuple[int, str], ...] = ()

    def with_parts(
        self, inputs: Sequence[Input] = (), outputs: Sequence[Output] = (), references: Sequence[Reference] = ()
    ) -> Application:
        """The application with further parts, which a template may declare apart from it."""
        return replace(
            self,
            inputs=(*self.inputs, *inputs),
            outputs=(*self.outputs, *outputs),
            references=(*self.references, *references),
        )


Resolve = Callable[[Node], Code | None]


@dataclass(frozen=True)
class Configuration:
    """Reads the parts of an application.

    resolve: a text of the file, which a template may put together; gaps: what it could not read, in the end.
    """

    file: File
    resolve: Resolve
    gaps: list[tuple[int, str]] = field(default_factory=list)

    def text(self, fields: Fields | None, *names: str) -> str:
        """The first of these fields as a text; "" without them."""
        for name in names:
            node = fields.values.get(name) if fields else None
            if node is not None:
                code = self.resolve(node)
                if code is not None:
                    return code.text
        return ""

    def inside(self, fields: Fields | None, *names: str) -> Fields | None:
        """The first of these fields as a mapping; None without them."""
        if fields is None or self._is_gap(fields, names):
            return None
        return child(self.file, fields, names, Fields)

    def each(self, fields: Fields, *names: str) -> list[Fields]:
        """The mappings of a list."""
        items = None if self._is_gap(fields, names) else child(self.file, fields, names, Items)
        what = f"a part of {names[-1]}"
        return [
            of_kind(self.file, one, Fields, what)
            for one in (items.values if items else ())
            if not self._is_function(one, what)
        ]

    def _is_gap(self, fields: Fields, names: Sequence[str]) -> bool:
        return any(self._is_function(fields.values[name], name) for name in names if name in fields.values)

    def _is_function(self, node: Node, what: str) -> bool:
        """Whether a function stands in the place of a part, such as Fn::If; it becomes a gap."""
        name = next(iter(node.values), "") if isinstance(node, Fields) and len(node.values) == 1 else ""
        is_function = name == "Ref" or name.startswith("Fn::")
        if is_function:
            self.gaps.append((node.start, f"{what} comes from {name}, whose result is not in this file: put it in"))
        return is_function

    def application(self, fields: Fields) -> Application | None:
        """The application that these fields describe; None if they have no SQL, as those of a job of Flink."""
        return Configuration(self.file, self.resolve)._application(fields)

    def _application(self, fields: Fields) -> Application | None:
        configured = self.inside(fields, "ApplicationConfigurationDescription", "ApplicationConfiguration")
        sql = fields
        if configured:
            code_fields = self.inside(
                configured, "ApplicationCodeConfigurationDescription", "ApplicationCodeConfiguration"
            )
            content = self.inside(code_fields, "CodeContentDescription", "CodeContent")
            code_node = content.values.get("TextContent") if content else None
            # An application may have no input yet, and then no part of its own for SQL.
            sql = self.inside(configured, "SqlApplicationConfigurationDescription", "SqlApplicationConfiguration") or (
                Fields({}, fields.start)
            )
        else:
            code_node = fields.values.get("ApplicationCode")
        runtime = self.text(fields, "RuntimeEnvironment")
        if runtime and not runtime.startswith(("SQL", "${")):
            return None
        if code_node is None:
            return None
        code = self.resolve(code_node)
        if code is None:
            raise self.file.malformed(code_node.start, "expected the SQL of the application as a text")
        inputs = [self.input(one) for one in self.each(sql, "InputDescriptions", "Inputs")]
        outputs = [self.output(one) for one in self.each(sql, "OutputDescriptions", "Outputs")]
        tables = self.each(sql, "ReferenceDataSourceDescriptions", "ReferenceDataSources")
        references = [self.reference(one) for one in tables]
        return Application(
            name=self.text(fields, "ApplicationName") or None,
            code=code,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            references=tuple(references),
            is_configured=True,
            gaps=tuple(self.gaps),
        )

    def input(self, fields: Fields) -> Input:
        """An input."""
        prefix = self.text(fields, "NamePrefix")
        if not prefix:
            raise self.file.malformed(fields.start, "expected NamePrefix in the input that begins here")
        stream, firehose = (
            self.inside(fields, f"Kinesis{kind}InputDescription", f"Kinesis{kind}Input")
            for kind in ("Streams", "Firehose")
        )
        processing = self.inside(fields, "InputProcessingConfigurationDescription", "InputProcessingConfiguration")
        function = self.inside(processing, "InputLambdaProcessorDescription", "InputLambdaProcessor")
        parallelism = self.inside(fields, "InputParallelism")
        count = self.text(parallelism, "Count")
        schema = self.schema(self.inside(fields, "InputSchema"))
        return Input(
            prefix=prefix,
            arn=self.text(stream or firehose, "ResourceARN"),
            service="firehose" if firehose else "kinesis",
            parallelism=int(count) if count.isdecimal() and 1 <= int(count) <= 64 else 1,
            lambda_arn=self.text(function, "ResourceARN"),
            offset=fields.start,
            **vars(schema),
        )

    def output(self, fields: Fields) -> Output:
        """An output."""
        name = self.text(fields, "Name")
        if not name:
            raise self.file.malformed(fields.start, "expected Name in the output that begins here")
        for kind, service in _SERVICES.items():
            prefix = "" if kind == "Lambda" else "Kinesis"
            end = self.inside(fields, f"{prefix}{kind}OutputDescription", f"{prefix}{kind}Output")
            if end:
                schema = self.inside(fields, "DestinationSchema")
                return Output(
                    name, self.text(end, "ResourceARN"), service, self.text(schema, "RecordFormatType"), fields.start
                )
        raise self.file.malformed(
            fields.start, f"expected KinesisStreamsOutput, KinesisFirehoseOutput or LambdaOutput for output {name}"
        )

    def reference(self, fields: Fields) -> Reference:
        """A reference table."""
        table = self.text(fields, "TableName")
        if not table:
            raise self.file.malformed(fields.start, "expected TableName in the reference table that begins here")
        place = self.inside(fields, "S3ReferenceDataSourceDescription", "S3ReferenceDataSource")
        return Reference(
            table=table,
            bucket=self.text(place, "BucketARN"),
            key=self.text(place, "FileKey"),
            offset=fields.start,
            **vars(self.schema(self.inside(fields, "ReferenceSchema"))),
        )

    def schema(self, fields: Fields | None) -> Schema:
        """A schema of an input or a reference table; one without columns if there is none."""
        form = self.inside(fields, "RecordFormat")
        mapping = self.inside(form, "MappingParameters")
        json = self.inside(mapping, "JSONMappingParameters")
        csv = self.inside(mapping, "CSVMappingParameters")
        return Schema(
            columns=self._columns(fields),
            format=(self.text(form, "RecordFormatType") or "JSON").upper(),
            row_path=self.text(json, "RecordRowPath"),
            row_delimiter=self.text(csv, "RecordRowDelimiter") or "\n",
            column_delimiter=self.text(csv, "RecordColumnDelimiter") or ",",
        )

    def _columns(self, schema: Fields | None) -> tuple[Column, ...] | None:
        if schema is None:
            return None
        columns = []
        for one in self.each(schema, "RecordColumns"):
            name, kind = self.text(one, "Name"), self.text(one, "SqlType")
            if not name or not kind:
                raise self.file.malformed(one.start, "expected Name and SqlType in the column that begins here")
            columns.append(Column(name, kind, self.text(one, "Mapping")))
        return tuple(columns) or None


def written(file: File) -> Resolve:
    """Texts that stand in the file as they are, as in an answer of the API."""

    def resolve(node: Node) -> Code | None:
        if isinstance(node, Text):
            return Code(file, node.value, node.offsets(file))
        if isinstance(node, Scalar) and node.value not in ("null", "~", ""):
            return Code(file, node.value, [node.start] * (len(node.value) + 1))
        return None

    return resolve
