"""Whether every module of a package finds on the service what it imports: itself, the standard library, PyFlink."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

_PROVIDED = "pyflink"  # the one package beside the standard library that the service's Python is known to have
_LIMIT = 60.0  # seconds; one is usual
# Imports each module of a folder in a Python that knows nothing else: no site-packages, PyFlink in name only.
_CHECK = """
import importlib, json, sys
from importlib.machinery import ModuleSpec
from unittest.mock import MagicMock

class PyFlink:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] == "pyflink" else None
    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__ = []
        return module
    def exec_module(self, module):
        pass

sys.meta_path.insert(0, PyFlink())
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
for name in json.loads(sys.argv[2]):
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(json.dumps([name, f"{type(error).__name__}: {error}"]))
"""


def problems(files: Mapping[str, bytes]) -> list[str]:
    """Each module among these files (path -> content) that cannot be imported there, as a sentence."""
    sources = {name: content for name, content in files.items() if name.endswith(".py")}
    with tempfile.TemporaryDirectory(prefix="imports-") as folder:
        for name, content in sources.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_bytes(content)
        command = [sys.executable, "-I", "-S", "-c", _CHECK, folder, json.dumps([*map(_module, sorted(sources))])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False)
        failed = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        if done.returncode:
            failed.append(["Python", done.stderr.strip().rpartition("\n")[2]])
    found = [
        f"{name} cannot be imported on Managed Flink ({why.replace(folder, '.')}): put in what is missing, or take "
        "the import out."
        for name, why in failed
    ]
    return found or [sentence for name in sorted(sources) for sentence in _later(name, sources)]


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _later(file: str, sources: Mapping[str, bytes]) -> Iterator[str]:
    """The imports inside of a module's functions, which importing the module does not try."""
    known = {_module(path) for path in sources}
    for node in ast.walk(ast.parse(sources[file], file)):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) and not node.level else []
        for name in names:
            top = name.partition(".")[0]
            if top not in (_PROVIDED, *sys.stdlib_module_names) and name not in known:
                yield (
                    f"{file} imports {name}, which is neither in the package, nor in the standard library, nor "
                    "PyFlink: Managed Flink would not find it, so take the import out."
                )
