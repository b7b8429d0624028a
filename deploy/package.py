"""The package for Amazon Managed Flink: a zip, made from the checkout and the locked jars, without Maven or a JDK.

The zip mirrors the repository: main.py, the folders that it imports, the job's folder without its tests, and a jar.
The jar merges all locked jars and the compiled functions. Equal inputs give equal bytes on every machine with the same
zlib. The zip moves to its target only after it has passed the check.
"""

from __future__ import annotations

import io
import re
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from java import FUNCTIONS, jars, merged, paths, zips
from pipeline import binding, settings
from pipeline.job import DECLARATION, JOBS, SHARED, Job
from program.errors import Failure
from program.formats import size

MAIN = "main.py"
JAR = "lib/job.jar"
LEGAL = ("LICENSE", "NOTICE")  # the licence requires both in every copy of the work (section 4 of Apache-2.0)
# The imports of main.py, as whole folders; of java/ only the names of the functions, whose classes are in the jar.
# The code imports nothing else but the standard library and PyFlink (checked by tests/test_house.py).
FOLDERS = ("connectors", "pipeline")
MODULES = ("java/__init__.py", "program/__init__.py", "program/errors.py")
LEFT_OUT = ("pipeline/cases.py",)  # runs a job's tests
_KINDS = (".py", ".sql", ".toml", ".txt")  # .txt: the words that cannot name a table
# Managed Flink reads from this property group which files to run (developer guide, "Create your Managed Service for
# Apache Flink Python application"). Paths are inside the zip.
RUN_OPTIONS_GROUP = "kinesis.analytics.flink.run.options"
RUN_OPTIONS: Mapping[str, str] = {"python": MAIN, "jarfile": JAR}

# "... may cause the JAR to exceed the limit of 512 MB" (developer guide, "Minimize the size of the uber JAR"). The
# 52,428,800 bytes of the API reference (CodeContent.ZipFileContent) are for a zip inside a request; this zip is in S3.
LIMIT = 512_000_000
JAVA = 17  # of FLINK-2_3
CLASS_FILES = 44 + JAVA  # their version (JVM specification, table 4.1-A)
# The options of Flink that a job's code may set on FLINK-2_2 and later. The service fails a job that sets others
# (developer guide, "Programmatic Flink configuration properties", read in November 2026; rarer options are left out).
OPTIONS = re.compile(
    r"execution\.runtime-mode"
    r"|pipeline\.(auto-watermark-interval|global-job-parameters|jars|max-parallelism|name|object-reuse"
    r"|operator-chaining\.enabled|vertex-description-mode|watermark-alignment\.allow-unaligned-source-splits)"
    r"|table\.(local-time-zone|dml-sync|column-expansion-strategy)"
    r"|table\.exec\.(source\.idle-timeout|state\.ttl|mini-batch\.[\w.-]+|uid\.(format|generation)"
    r"|sink\.(keyed-shuffle|not-null-enforcer|type-length-enforcer|nested-constraint-enforcer|upsert-materialize"
    r"|rowtime-inserter)|unbounded-over\.version|simplify-operator-name-enabled|legacy-cast-behaviour"
    r"|window-agg\.buffer-size-limit|async-scalar\.(max-concurrent-operations|timeout|retry-strategy))"
    r"|table\.optimizer\.reuse-optimize-block-with-digest-enabled"
)
# By connector or format: the factory classes by which Flink finds it. Formats of Flink itself are in FLINKS_OWN.
FACTORIES: Mapping[str, Sequence[str]] = {
    "kinesis": ("kinesis.KinesisTableFactory",),
    "dynamodb": ("dynamodb.DynamoDbTableFactory",),
    "firehose": ("firehose.FirehoseTableFactory",),
    "reference": ("reference.ReferenceTableFactory",),
    "json-lines": ("streaming.JsonLines",),
    "documents": ("streaming.DocumentsFormat",),
}
FLINKS_OWN = ("raw",)  # in flink-table-runtime, a part of Flink
_FACTORY = "META-INF/services/org.apache.flink.table.factories.Factory"


class PackageError(Failure):
    """A package that cannot be made or must not be shipped; `problems` has a sentence for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Package:
    """A package that has passed its check.

    sha256: of the zip, in hexadecimal. size, jar_size: of the zip and of its jar, in bytes. files: their number in the
    zip. made_of: the contents of the jar. seconds: the duration of the build.
    """

    path: Path
    sha256: str
    size: int
    jar_size: int
    files: int
    made_of: merged.Merged
    seconds: float = 0.0


@dataclass(frozen=True)
class Needs:
    """The files and classes that the job needs in its package.

    sql: paths in the zip of job.toml and the SQL files. factories: connector or format -> its factory classes.
    functions: name in SQL -> class. options: of Flink, which the job sets. limit: of the zip, and of its jar, in bytes.
    """

    sql: Sequence[str]
    factories: Mapping[str, Sequence[str]]
    functions: Mapping[str, str]
    options: Sequence[str] = ()
    limit: int = LIMIT


def out(job: Job) -> Path:
    """The default path of a job's package."""
    return paths.ROOT / ".cache" / "package" / f"{job.name.replace('_', '-')}-managed-flink.zip"


def build(job: Job, target: Path | None = None) -> Package:
    """Build the package, check it, and move it to `target`. After a failure an older package stays there.

    Raises PackageError with every problem.
    """
    started = time.monotonic()
    package = assemble(files(paths.ROOT, job), _inputs(), needs(job), target or out(job))
    return replace(package, seconds=time.monotonic() - started)


def assemble(contents: Mapping[str, bytes], inputs: Sequence[Path], needed: Needs, target: Path) -> Package:
    """Build the package of these files (path in the zip -> content) and jars. Raises PackageError."""
    try:
        made_of = merged.combine(inputs)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="package-", dir=target.parent) as scratch:
            jar, made = Path(scratch, "merged.jar"), Path(scratch, target.name)
            zips.write(jar, made_of.entries)
            # The second compression takes a second, and turns 37 MB into 32: the jar's directory of 22,000 names is not
            # compressed. With uncompressed entries the zip would have 21 MB, but the jar 104, and "the size of the uber
            # JAR affects the application start and restart times" (developer guide, as for LIMIT).
            zips.write(made, {**contents, JAR: jar.read_bytes()})
            if found := problems(made, inputs, needed):
                raise PackageError(found)
            size_, jar_size, sum_ = made.stat().st_size, jar.stat().st_size, jars.sha256_of(made)
            made.replace(target)  # in one step, so that no upload reads half a zip
    except (OSError, zipfile.BadZipFile) as error:
        raise PackageError(
            [f"The package {target} cannot be built ({error}): mend that and build it again."]
        ) from error
    return Package(target, sum_, size_, jar_size, len(contents) + 1, made_of)


def tell(package: Package) -> str:
    """The package as lines for people."""
    made_of = package.made_of
    left_out = [f"{kind} {each.files} ({size(each.size)} unpacked)" for kind, each in made_of.dropped.items()]
    return "\n".join(
        [
            f"{package.path}",
            f"  {size(package.size)} of at most {size(LIMIT)}, {package.files} files, built in {package.seconds:.1f} s",
            f"  sha256 {package.sha256}",
            f"{JAR}: {len(made_of.jars)} jars merged, {len(made_of.entries):,} files, {size(package.jar_size)}",
            f"  left out: {', '.join(left_out) or 'nothing'}",
        ]
    )


def _inputs() -> list[Path]:
    """The locked jars, verified, and the functions' jar, compiled from the checkout. Raises Failure."""
    from java.build import compile_functions  # noqa: PLC0415  (needs the Java of the set-up)

    provided = jars.provide(jars.locked("job"), paths.JARS)
    (compiler,) = jars.provide(jars.locked("build"), paths.JARS)
    return [*provided, compile_functions(compiler, paths.FUNCTIONS)]


def needs(job: Job) -> Needs:
    """The needs of a job on AWS, by its declaration and its tables' connectors."""
    named = {
        connector.options[option]
        for connector in binding.connectors(settings.example(job)).values()
        for option in ("connector", "format")
        if option in connector.options
    }
    factories = {name: FACTORIES.get(name, ()) for name in sorted(named.difference(FLINKS_OWN))}
    return Needs([_packed(job, path) for path in job.files()], factories, FUNCTIONS, sorted(job.configuration))


def _packed(job: Job, path: Path) -> str:
    """The path in the zip of a job's own or shared file."""
    if path.is_relative_to(job.folder):
        return f"{JOBS.name}/{job.name}/{path.relative_to(job.folder).as_posix()}"
    return f"{SHARED.name}/{path.relative_to(SHARED).as_posix()}"


# Contents
def files(root: Path, job: Job) -> dict[str, bytes]:
    """The package's files without the jar, from a checkout: path in the zip -> content. Raises PackageError."""
    found = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.suffix in _KINDS]
    names = {path.relative_to(root).as_posix() for path in found}.difference(LEFT_OUT)
    own = [job.folder / DECLARATION, *job.folder.glob("tables/*.sql"), *job.folder.glob("views/*.sql")]
    own += [path for table in job.hooked if (path := job.handler(table))]
    try:
        return {
            **{name: (root / name).read_bytes() for name in (MAIN, *MODULES, *LEGAL, *names)},
            **{_packed(job, path): path.read_bytes() for path in own},
        }
    except OSError as error:
        raise PackageError([f"The package cannot be built ({error}): mend that and build it again."]) from error


# Checks
def problems(package: Path, inputs: Sequence[Path], needed: Needs) -> list[str]:
    """Read the zip back from the disk, and return a sentence for each reason not to ship it."""
    try:
        with zipfile.ZipFile(package) as archive:
            contents = {info.filename: archive.read(info) for info in archive.infolist()}
    except merged.BROKEN as error:
        return [f"The zip cannot be read back ({error}): look for a full or failing disk, and build it again."]
    sizes = {"The zip": package.stat().st_size, JAR: len(contents.get(JAR, b""))}
    found = [*_too_large(sizes, needed.limit), *_strangers(contents), *_missing(contents, needed), *_unsettable(needed)]
    if JAR in contents:
        try:
            with zipfile.ZipFile(io.BytesIO(contents[JAR])) as jar:
                found += [*_lost(jar, inputs), *_unfound(jar, needed), *_too_new(jar)]
        except merged.BROKEN as error:
            found.append(f"{JAR} cannot be read back ({error}): look for a full or failing disk, and build it again.")
    return found


def _too_large(sizes: Mapping[str, int], limit: int) -> Iterator[str]:
    for name, count in sizes.items():
        if count > limit:
            yield (
                f"{name} has {count:,} bytes, Managed Flink takes {limit:,}: take jars that the job does not need out "
                "of java/jars.lock."
            )


def _strangers(files: Mapping[str, bytes]) -> Iterator[str]:
    """Files that do not belong to the application, such as tests."""
    for name in sorted(files):
        parts = PurePosixPath(name).parts
        # Below jobs/ the job's author chooses the names of job, tables and views: test_... is allowed there.
        own = parts[2:-1] if parts[0] == "jobs" and len(parts) > 2 and not name.endswith(".py") else parts
        if "tests" in own or any(part.startswith("test_") for part in own) or parts[-1] == "conftest.py":
            yield f"{name} is test code: it must stay out of the package."
        elif name not in (JAR, *LEGAL) and not name.endswith(_KINDS):
            yield f"{name} is neither Python, nor SQL, nor {JAR}: it must stay out of the package."


def _missing(files: Mapping[str, bytes], needed: Needs) -> Iterator[str]:
    for option, name in RUN_OPTIONS.items():
        if name not in files:
            yield f"{name}, which the run option {option!r} names, is not in the package: put it back in the checkout."
    for name in LEGAL:
        if name not in files:
            yield f"{name} is not in the package, and must be wherever it is passed on: put it back in the checkout."
    for name in needed.sql:
        if name not in files:
            yield f"{name} is not in the package, but the job reads it: put it back in the checkout."


def _unsettable(needed: Needs) -> Iterator[str]:
    for option in needed.options:
        if not OPTIONS.fullmatch(option):
            yield (
                f"The job sets {option!r}, which Managed Flink lets no job set: leave it to the launcher, outside of "
                "CONFIGURATION in pipeline/job.py."
            )


def _lost(jar: zipfile.ZipFile, inputs: Sequence[Path]) -> Iterator[str]:
    """Services of an input jar that Java would miss in the merged jar: the line in a list, or the class."""
    listed, names = merged.service_lists(jar), set(jar.namelist())
    for path in inputs:
        with zipfile.ZipFile(path) as source:
            services = merged.service_lists(source)
        for file, lines in services.items():
            for line in lines:
                if line not in listed.get(file, ()):
                    yield (
                        f"{line} of {path.name} is not on the list {file} of {JAR}: see to it that "
                        "java/merged.py joins the lists of all jars."
                    )
                if _class_file(line) not in names:
                    yield (
                        f"{line}, which {path.name} lists in {file}, is no class of {JAR}: add the jar that has it to "
                        "[job] in java/jars.lock."
                    )


def _unfound(jar: zipfile.ZipFile, needed: Needs) -> Iterator[str]:
    """The connectors, formats and functions of the job that Flink would not find."""
    names, listed = set(jar.namelist()), merged.service_lists(jar).get(_FACTORY, [])
    for name, classes in needed.factories.items():
        if not classes:
            yield f"The job's tables use {name!r}, whose class is not known here: add it to FACTORIES in {__name__}."
        for class_ in classes:
            if class_ not in listed or _class_file(class_) not in names:
                yield (
                    f"{class_}, by which Flink finds {name!r}, is not among the table factories of {JAR}: add the jar "
                    "that has it to [job] in java/jars.lock."
                )
    for name, class_ in needed.functions.items():
        if _class_file(class_) not in names:
            yield f"{class_}, the SQL function {name}, is no class of {JAR}: put its source back in java/src."


def _too_new(jar: zipfile.ZipFile) -> Iterator[str]:
    """A sentence on classes for a later Java than the service's. Reading a file also verifies its checksum."""
    newer = {}
    for info in jar.infolist():
        content = jar.read(info)
        release = re.match(r"META-INF/versions/(\d+)/", info.filename)
        if info.filename.endswith(".class") and not (release and int(release[1]) > JAVA):
            version = int.from_bytes(content[6:8], "big")  # JVM specification 4.1: after magic and minor version
            if version > CLASS_FILES:
                newer[info.filename] = version
    if newer:
        name, version = next(iter(newer.items()))
        yield (
            f"{JAR} has classes for a later Java than the {JAVA} of Managed Flink 2.3 ({len(newer)} of them, such as "
            f"{name} with class file version {version}, not {CLASS_FILES}): lock a version of that jar for Java {JAVA}."
        )


def _class_file(name: str) -> str:
    return f"{name.replace('.', '/')}.class"
