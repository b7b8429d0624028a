"""The package for Amazon Managed Flink: one zip, made from the checkout and the locked jars, without Maven or a JDK.

It mirrors the repository: main.py, the modules that it imports, every SQL file of the jobs, and one jar in which all
locked jars and the compiled functions are merged. Whatever builds it where, equal inputs give equal bytes (with the
same zlib). It is checked before it stands in its place: what is there has passed.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import re
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from java import FUNCTIONS, jars, lib, merged, zips
from java.merged import Rule
from pipeline import places, settings
from pipeline.job import Job, load
from program.errors import Failure
from program.formats import size

JOB = load("unicorn_summary")

OUT = lib.ROOT / ".cache" / "package" / "wildrydes-managed-flink.zip"
MAIN = "main.py"
JAR = "lib/wildrydes.jar"
LEGAL = ("LICENSE", "NOTICE")  # the licence asks for both wherever the work is passed on (section 4 of Apache-2.0)
# The property group in which Managed Flink looks for what to run (developer guide, "Create your Managed Service for
# Apache Flink Python application"); paths are inside the zip.
RUN_OPTIONS_GROUP = "kinesis.analytics.flink.run.options"
RUN_OPTIONS: Mapping[str, str] = {"python": MAIN, "jarfile": JAR}

# "... may cause the JAR to exceed the limit of 512 MB" (developer guide, "Minimize the size of the uber JAR"). The
# 52,428,800 bytes of the API reference (CodeContent.ZipFileContent) are for a zip inside a request; this one is in S3.
LIMIT = 512_000_000
JAVA_11 = 55  # its class file version (JVM specification, table 4.1-A); FLINK-1_20 runs Java 11
# The classes by which Flink finds what the job's tables name as connector and format, where they are not Flink's own.
FACTORIES: Mapping[str, Sequence[str]] = {
    "kinesis": (
        "org.apache.flink.streaming.connectors.kinesis.table.KinesisDynamicTableFactory",
        "org.apache.flink.connector.kinesis.table.KinesisDynamicTableSinkFactory",
    ),
    "dynamodb": ("org.apache.flink.connector.dynamodb.table.DynamoDbDynamicSinkFactory",),
    "json-lines": ("streaming.JsonLines",),
}
FLINKS_OWN = ("raw",)  # in flink-table-runtime, which every Flink has
_FACTORY = "META-INF/services/org.apache.flink.table.factories.Factory"
_PROVIDED = "pyflink"  # the one package beside the standard library that the service's Python is known to have


class PackageError(Failure):
    """A package that cannot be made or must not be shipped; `problems` has a sentence for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Package:
    """A package that has passed its check.

    sha256: of the zip, in hexadecimal. size, jar_size: of the zip and of the jar in it, in bytes. files: in the zip.
    seconds: what building took. report: what the jar was made of.
    """

    path: Path
    sha256: str
    size: int
    jar_size: int
    files: int
    seconds: float
    report: merged.Report


@dataclass(frozen=True)
class Needs:
    """What the job needs in its package.

    sql: files, by their paths in the zip. factories: by connector or format, the classes that Flink finds it by.
    functions: by name in SQL, the class. limit: of the zip, and of the jar in it, in bytes.
    """

    sql: Sequence[str]
    factories: Mapping[str, Sequence[str]]
    functions: Mapping[str, str]
    limit: int = LIMIT


def build(out: Path = OUT, *, trim: bool = True) -> Package:
    """Make the package, check it, and put it at `out`, where an older one stays if anything is wrong.

    trim: False takes along the native binaries that nothing here starts, to compare the sizes.
    Raises PackageError with every problem.
    """
    started = time.monotonic()
    package = assemble(lib.ROOT, _inputs(), needs(JOB), out, trim=trim)
    return replace(package, seconds=time.monotonic() - started)


def assemble(root: Path, inputs: Sequence[Path], needed: Needs, out: Path, *, trim: bool = True) -> Package:
    """The package of the checkout `root` with these jars. Raises PackageError."""
    started = time.monotonic()
    try:
        files = {**modules(root), **sql_files(root), **{name: (root / name).read_bytes() for name in LEGAL}}
        made_of = merged.combine(inputs, trim=trim)
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="package-", dir=out.parent) as scratch:
            jar, made = Path(scratch, "merged.jar"), Path(scratch, out.name)
            zips.write(jar, made_of.entries)
            # Deflated once more, 32 MB from 37 in a second: a jar's directory of 22,000 names is not compressed.
            # Its entries are. Without that the zip would have 21 MB, but the jar 104, and "the size of the uber JAR
            # affects the application start and restart times" (developer guide, as for LIMIT).
            zips.write(made, {**files, JAR: jar.read_bytes()})
            if found := problems(made, inputs, needed):
                raise PackageError(found)
            size_, jar_size, sum_ = made.stat().st_size, jar.stat().st_size, jars.sha256_of(made)
            made.replace(out)  # in one step, so that nobody uploads half of it
    except (OSError, zipfile.BadZipFile) as error:
        raise PackageError([f"The package {out} cannot be built ({error}): mend that and build it again."]) from error
    return Package(out, sum_, size_, jar_size, len(files) + 1, time.monotonic() - started, made_of.report)


def tell(package: Package) -> str:
    """What was built, in plain lines: of duplicates, only those with different content one by one."""
    report = package.report
    rules = Counter(one.rule for one in report.duplicates)
    differ = [one for one in report.duplicates if one.rule is Rule.FIRST and not one.equal]
    left_out = [f"{kind} {each.files} ({size(each.size)} unpacked)" for kind, each in report.dropped.items()]
    return "\n".join(
        [
            f"{package.path}",
            f"  {size(package.size)} of at most {size(LIMIT)}, {package.files} files, built in {package.seconds:.1f} s",
            f"  sha256 {package.sha256}",
            f"{JAR}: {len(report.jars)} jars merged, {report.files:,} files, {size(package.jar_size)}",
            f"  joined: {report.services} lists of services",
            f"  kept: {report.licences} licences and notices",
            f"  left out: {', '.join(left_out) or 'nothing'}",
            f"  {len(report.duplicates)} names stood in more than one jar:",
            *(f"    {count:>3}: {rule}" for rule, count in sorted(rules.items())),
            f"  {len(differ)} of those where the first one wins have different content:",
            *(f"    {one.name}: {one.jars[0]} before {_shown(one.jars[1:])}" for one in differ),
        ]
    )


def _shown(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _inputs() -> list[Path]:
    """The locked jars, verified, and the functions, compiled from the checkout's sources. Raises Failure."""
    from java.build import compile_functions  # noqa: PLC0415  (needs the Java of the set-up)

    provided = jars.provide(jars.locked("job"), lib.JARS)
    (compiler,) = jars.provide(jars.locked("build"), lib.JARS)
    return [*provided, compile_functions(compiler, lib.FUNCTIONS)]


def needs(job: Job) -> Needs:
    """What a job on AWS needs, by its own declarations and its tables' connectors."""
    files = [path.relative_to(lib.ROOT).as_posix() for path in job.files()]
    named = {
        connector.options[option]
        for connector in places.connectors(settings.example(job)).values()
        for option in ("connector", "format")
        if option in connector.options
    }
    factories = {name: FACTORIES.get(name, ()) for name in sorted(named.difference(FLINKS_OWN))}
    return Needs(files, factories, FUNCTIONS)


# What goes in


def modules(root: Path) -> dict[str, bytes]:
    """main.py and every module of the checkout that it imports, directly or not; path in the zip -> content."""
    found: dict[str, bytes] = {}
    waiting = [MAIN]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = (root / name).read_bytes()
            waiting += [path for wanted in _imports(name, found[name]) for path in _paths(root, wanted)]
    return found


def sql_files(root: Path) -> dict[str, bytes]:
    """Every declaration and SQL file of the jobs, and what they share; path in the zip -> content."""
    found = [*root.glob("jobs/*/job.toml"), *(root / "jobs").rglob("*.sql"), *(root / "pipeline").rglob("*.sql")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@dataclass(frozen=True)
class _Import:
    """A module that is imported, and the name that is taken from it, if any."""

    module: str
    name: str | None = None


def _imports(file: str, source: bytes) -> Iterator[_Import]:
    """Every import statement of a module, also those inside of functions. Raises PackageError if it is no Python."""
    try:
        tree = ast.parse(source, file)
    except (SyntaxError, ValueError) as error:
        raise PackageError([f"{file} is not valid Python ({error}): correct it."]) from error
    package = PurePosixPath(file).parent.as_posix().replace("/", ".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (_Import(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield from (_Import(module, alias.name) for alias in node.names)


def _paths(root: Path, wanted: _Import) -> Iterator[str]:
    """The files of the checkout that Python reads for an import: packages on the way, the module, a module in it."""
    names = f"{wanted.module}.{wanted.name}".split(".") if wanted.name else wanted.module.split(".")
    for length in range(1, len(names) + 1):
        path = "/".join(names[:length])
        yield from (file for file in (f"{path}/__init__.py", f"{path}.py") if (root / file).is_file())


# What is checked


def problems(package: Path, inputs: Sequence[Path], needed: Needs) -> list[str]:
    """Each reason not to ship this zip, made with these jars, as a sentence; it is read back from the disk."""
    try:
        with zipfile.ZipFile(package) as archive:
            files = {info.filename: archive.read(info) for info in archive.infolist()}
    except merged.BROKEN as error:
        return [f"The zip cannot be read back ({error}): look for a full or failing disk, and build it again."]
    sizes = {"The zip": package.stat().st_size, JAR: len(files.get(JAR, b""))}
    found = [*_too_large(sizes, needed.limit), *_strangers(files), *_missing(files, needed)]
    found += [problem for name in sorted(files) if name.endswith(".py") for problem in _unresolved(name, files)]
    if JAR in files:
        try:
            with zipfile.ZipFile(io.BytesIO(files[JAR])) as jar:
                found += [*_lost(jar, inputs), *_unfound(jar, needed), *_too_new(jar)]
        except merged.BROKEN as error:
            found.append(f"{JAR} cannot be read back ({error}): look for a full or failing disk, and build it again.")
    return found


def _too_large(sizes: Mapping[str, int], limit: int) -> Iterator[str]:
    for name, bytes_ in sizes.items():
        if bytes_ > limit:
            yield (
                f"{name} has {bytes_:,} bytes, Managed Flink takes {limit:,}: take jars that the job does not need out "
                "of java/jars.lock."
            )


def _strangers(files: Mapping[str, bytes]) -> Iterator[str]:
    """What must not be there: tests, and anything else that is no part of the application."""
    for name in sorted(files):
        parts = PurePosixPath(name).parts
        if "tests" in parts or any(part.startswith("test_") for part in parts) or parts[-1] == "conftest.py":
            yield f"{name} is test code: what main.py imports must not import it."
        elif name not in (JAR, *LEGAL) and not name.endswith((".py", ".sql", ".toml")):
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


def _unresolved(file: str, files: Mapping[str, bytes]) -> Iterator[str]:
    """The imports of a module that Python on the service would not find."""
    for wanted in dict.fromkeys(_imports(file, files[file])):
        top = wanted.module.partition(".")[0]
        if top in sys.stdlib_module_names or top == _PROVIDED or _is_found(wanted, files):
            continue
        shown = f"{wanted.name} from {wanted.module}" if wanted.name else wanted.module
        yield (
            f"{file} imports {shown}, which is neither in the package, nor in the standard library, nor PyFlink: "
            "Managed Flink would not find it, so take the import out."
        )


def _is_found(wanted: _Import, files: Mapping[str, bytes]) -> bool:
    """Whether an import finds its module among the files, and there the name, as a module or in its text."""
    path = wanted.module.replace(".", "/")
    module = next((file for file in (f"{path}/__init__.py", f"{path}.py") if file in files), None)
    if module is None or wanted.name in (None, "*"):
        return module is not None
    inside = path + f"/{wanted.name}"
    return f"{inside}.py" in files or f"{inside}/__init__.py" in files or wanted.name in _bound(files[module])


def _bound(source: bytes) -> set[str]:
    """The names that a module binds, outside of its functions and classes."""
    names = set()
    for node in _outside(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    return names


def _outside(parent: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one, without what is inside of functions and classes."""
    for node in ast.iter_child_nodes(parent):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _outside(node)


def _lost(jar: zipfile.ZipFile, inputs: Sequence[Path]) -> Iterator[str]:
    """What an input lists as a service, and Java would not find in the merged jar: the line, or its class."""
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
    """Classes for a later Java than the service's, in one sentence; reading each file also checks its checksum."""
    newer = {}
    for info in jar.infolist():
        content = jar.read(info)
        release = re.match(r"META-INF/versions/(\d+)/", info.filename)
        if info.filename.endswith(".class") and not (release and int(release[1]) > 11):
            version = int.from_bytes(content[6:8], "big")  # JVM specification 4.1: after the magic and the minor one
            if version > JAVA_11:
                newer[info.filename] = version
    if newer:
        name, version = next(iter(newer.items()))
        yield (
            f"{JAR} has classes for a later Java than the 11 of Managed Flink 1.20 ({len(newer)} of them, such as "
            f"{name} with class file version {version}, not {JAVA_11}): lock a version of that jar for Java 11."
        )


def _class_file(name: str) -> str:
    return f"{name.replace('.', '/')}.class"
