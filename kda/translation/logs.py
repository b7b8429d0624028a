"""The parsers of logs: from a text to a row of texts, a regular expression for each.

A text that does not fit gives NULL in each column. An expression is searched in the text, as KDA did with Java's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kda.sql_types import Type
from kda.translation.conversions import converted
from kda.translation.options import UNKNOWN, Options, Untranslatable
from kda.translation.types import TEXT, flink, row
from kda.translation.values import Value, failures, literal

_WIDTH = Type("VARCHAR", ("1024",))  # of a column without a type
_FORMATS = {
    "COMMON": '%h %l %u %t "%r" %>s %b',
    "COMMON WITH VHOST": '%v %h %l %u %t "%r" %>s %b',
    "NCSA EXTENDED": '%h %l %u %t "%r" %>s %b "%[Referer]i" "%[User-agent]i"',
    "COMBINED": '%h %l %u %t "%r" %>s %b "%[Referer]i" "%[User-agent]i"',
    "REFERER": "%[Referer]i ---> %U",
    "AGENT": "%[User-agent]i",
}
# A specifier of Apache's: %h, %>s, %400,501[User-agent]i, %{User-agent}i.
_SPECIFIER = re.compile(r"%[<>!\d,]*(?:\[(?P<name>[^\]]*)\]|\{(?P<other>[^}]*)\})?(?P<letter>[A-Za-z])|%%")
_COLUMN = re.compile(r'\s*("[^"]+"|\w+)(?:\s+(?:TYPE\s+)?(.+?)(?:\s+NOT\s+NULL)?)?\s*', re.IGNORECASE)


def parsed(name: str, text: Value, arguments: Sequence[str | None], options: Options) -> Value:
    """The row that a parser gives. arguments: those after the text; None for one that is not written out.

    Raises Untranslatable.
    """
    if not arguments or any(one is None for one in arguments):
        raise Untranslatable(UNKNOWN, f"{name} whose arguments after the first are not written out has no translation")
    given = [one for one in arguments if one is not None]
    if name == "VARIABLE_COLUMN_LOG_PARSE":
        return _split(name, text, given, options)
    if len(given) != 1:
        raise Untranslatable(UNKNOWN, f"{name} with {len(given) + 1} arguments has no translation")
    pattern = _w3c(given[0]) if name == "W3C_LOG_PARSE" else given[0]
    count = groups(pattern)
    if not count:
        raise Untranslatable(UNKNOWN, f"{name} by '{pattern}', which has no group in parentheses, has no translation")
    columns = [(f"COLUMN{number}", _WIDTH) for number in range(1, count + 1)]
    return _row(text, columns, lambda at: f"REGEXP_EXTRACT({text.sql}, {literal(pattern)}, {at + 1})", options)


def _row(text: Value, columns: Sequence[tuple[str, Type]], sql: Callable[[int], str], options: Options) -> Value:
    found = [converted(Value(sql(at), TEXT), kind, options, name) for at, (name, kind) in enumerate(columns)]
    kind = row(name for name, _kind in columns)
    return Value(
        f"CAST(ROW({', '.join(one.sql for one in found)}) AS {flink(kind, options)})",
        kind,
        failures(text, *found),
        tuple((name, one.sql) for (name, _kind), one in zip(columns, found, strict=True)),
    )


def groups(pattern: str) -> int:
    """How many groups a regular expression of Java has, apart from those that begin with (? and are not named."""
    count, is_class, signs = 0, 0, re.finditer(r"\\Q.*?(?:\\E|$)|\\.|\(\?<(?![=!])|\(\?|[()\[\]]", pattern, re.DOTALL)
    for sign in signs:
        is_class += {"[": 1, "]": -1 if is_class else 0}.get(sign.group(), 0)
        count += not is_class and sign.group() in ("(", "(?<")
    return count


def _w3c(name: str) -> str:
    """The regular expression of a format: a group for each specifier, what is in quotes without them."""
    shape = _FORMATS.get(name.strip().upper(), name)
    found, end, last = "", 0, len(shape)
    for specifier in _SPECIFIER.finditer(shape):
        found += re.escape(shape[end : specifier.start()]).replace("\\ ", " ").replace("\\-", "-")
        before, end = shape[: specifier.start()], specifier.end()
        if specifier.group() == "%%":
            found += "%"
        elif before.endswith('"') and shape[end : end + 1] == '"':
            # In this form, as Java's stack is too short for (a|b)* over a long text, which would stop the job.
            found += r'([^"\\]*+(?:\\.[^"\\]*+)*+)'
        elif specifier["letter"] == "t":
            found += r"(\[[^\]]*\])"
        else:
            # A header's text has blanks: without quotes it takes the rest of the line.
            found += "(.*)" if specifier["letter"] == "i" and end == last else r"(\S+)"
    if not end:
        raise Untranslatable(UNKNOWN, f"the format '{name}' of W3C_LOG_PARSE has no translation")
    return f"^{found}{re.escape(shape[end:])}$"


def _split(name: str, text: Value, given: Sequence[str], options: Options) -> Value:
    """VARIABLE_COLUMN_LOG_PARSE(text, columns, delimiter)."""
    if len(given) != 2 or not given[1]:
        raise Untranslatable(UNKNOWN, f"{name} with an escape or quotes, or without a delimiter, has no translation")
    columns = [_column(name, one) for one in re.split(r",(?![^(]*\))", given[0])]
    if given[0].strip().isdigit():
        columns = [(f"COLUMN{number}", _WIDTH) for number in range(1, int(given[0]) + 1)]
    return _row(text, columns, lambda at: f"SPLIT_INDEX({text.sql}, {literal(given[1])}, {at})", options)


def _column(name: str, written: str) -> tuple[str, Type]:
    found = _COLUMN.fullmatch(written)
    if found is None:
        raise Untranslatable(UNKNOWN, f"the column '{written.strip()}' of {name} has no translation")
    column = found[1].strip('"') if found[1].startswith('"') else found[1].upper()
    kind = Type.written(found[2]) if found[2] else _WIDTH
    if kind.name != "VARCHAR":
        raise Untranslatable(
            UNKNOWN, f"the column '{written.strip()}' of {name}, which is no VARCHAR, has no translation"
        )
    return column, kind
