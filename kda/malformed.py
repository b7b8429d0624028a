"""Input that cannot be read: one sentence with the file, the line, the column and what was expected."""

from __future__ import annotations

from typing import ClassVar

from program.errors import Failure


class Malformed(Failure):
    """A file or its SQL does not parse. The text has file, line, column, and what was expected.

    line, column: from 1; 0 if the whole file is meant.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, file: str, line: int, column: int, problem: str) -> None:
        self.file, self.line, self.column, self.problem = file, line, column, problem
        where = f"{file}, line {line}, column {column}" if line else file
        super().__init__(f"{where}: {problem}.")
