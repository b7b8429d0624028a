"""JSON values that know the text they were: an object or array in a column of text is that text."""

from __future__ import annotations

import json
from json import decoder, scanner
from typing import Any, NoReturn


class UnreadableError(ValueError):
    """What looks like JSON and is none, or is none that can be read; the text says what it is."""


class Number(str):
    """A number, as it was written."""

    __slots__ = ()


class Object(dict[str, Any]):
    """An object. text: as it was written."""

    text: str


class Array(list[Any]):
    """An array. text: as it was written."""

    text: str


def parsed(text: str) -> Any:
    """A JSON value: Object, Array, Number, str, bool or None. Raises ValueError for what is none."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise UnreadableError("JSON that is nested too deeply") from None


def _refuse(name: str) -> NoReturn:
    raise UnreadableError(f"JSON but for {name}, which no JSON has")


class _Decoder(json.JSONDecoder):
    """The standard library's decoder in Python: the one in C has no hook that sees the text."""

    def __init__(self) -> None:
        super().__init__(parse_float=Number, parse_int=Number, parse_constant=_refuse, strict=False)
        array, fields = decoder.JSONArray, decoder.JSONObject  # type: ignore[attr-defined]  # typeshed has neither

        def parse_array(at: tuple[str, int], *more: Any) -> tuple[Array, int]:
            values, end = array(at, *more)
            found = Array(values)
            found.text = at[0][at[1] - 1 : end]
            return found, end

        def parse_object(at: tuple[str, int], *more: Any) -> tuple[Object, int]:
            values, end = fields(at, *more)
            found = Object(values)
            found.text = at[0][at[1] - 1 : end]
            return found, end

        self.parse_array, self.parse_object = parse_array, parse_object
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]


_DECODER = _Decoder()
