"""The command line: python -m deploy --help."""

from __future__ import annotations

import argparse
import sys


def parser() -> argparse.ArgumentParser:
    """All commands and flags."""
    from deploy import command  # noqa: PLC0415

    top = argparse.ArgumentParser(
        prog="python -m deploy",
        description="The application on Amazon Managed Flink: the package, and everything around it in one stack.",
    )
    command.add(top.add_subparsers(dest="command", required=True, metavar="COMMAND"))
    return top


def main(arguments: list[str] | None = None) -> int:
    """Do what was asked for; expected failures are one sentence on standard error."""
    from program.output import guarded  # noqa: PLC0415

    return guarded(lambda: _main(arguments))


def _main(arguments: list[str] | None) -> int:
    try:
        parsed = parser().parse_args(arguments)
        from deploy.account import DeployError  # noqa: PLC0415
        from deploy.package import PackageError  # noqa: PLC0415
        from deploy.template import TemplateError  # noqa: PLC0415
        from flink.signature import SignatureError  # noqa: PLC0415
        from java.jars import JarError  # noqa: PLC0415
        from java.lib import NotSetUp  # noqa: PLC0415
        from pipeline.window import WindowError  # noqa: PLC0415
    except ImportError as error:
        print(f"{error.name} is missing here: run `make setup`, then use .venv/bin/python.", file=sys.stderr)
        return 1
    try:
        code: int = parsed.run(parsed)
    except (TemplateError, WindowError) as error:
        print(error, file=sys.stderr)
        return 2
    except (DeployError, PackageError, SignatureError, NotSetUp, JarError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Stopped. A change that was begun in the account goes on, and an application that was stopped for it stays "
            "stopped: `python -m deploy status` shows both, `up` goes on.",
            file=sys.stderr,
        )
        return 130
    return code


if __name__ == "__main__":
    raise SystemExit(main())
