"""Where in a record its rows are: the record itself, its elements if it is an array, or an array in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from kda.discovery.documents import Array, Object
from kda.discovery.names import mapping

WHOLE = "$"
_DEPTH = 4  # objects around the array
_USUAL = 0.9  # share of the records that have the array
_MOST = 0.75  # share of the characters that are in it


def row_path(documents: Sequence[Any]) -> tuple[str, tuple[str, ...] | None]:
    """The row path, such as $.rows[0:], and the fields that lead to the array; None for rows that are the documents.

    An array of objects gives the rows if it is nearly all of the record: fields beside it would be in no row.
    """
    arrays = sum(isinstance(one, Array) for one in documents)
    if arrays * 2 > len(documents):
        return "$[0:]", ()
    found, lengths, elements = Counter[tuple[str, ...]](), Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    objects = [one for one in documents if isinstance(one, Object)]
    for one in objects:
        for path, array in _arrays(one, ()):
            found[path] += 1
            lengths[path] += len(array.text)
            elements[path] += len(array)
    total = sum(len(one.text) for one in objects)
    for path, length in lengths.most_common(1):
        is_only = all(_is_alone(one, path) for one in objects)
        is_usual = found[path] >= _USUAL * len(objects)
        is_most = length >= _MOST * total and elements[path] >= 2 * found[path]
        if is_usual and (is_only or is_most):
            return f"{mapping(path)}[0:]", path
    return WHOLE, None


def _arrays(value: Object, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Array]]:
    """The arrays of objects in an object, with their paths."""
    for name, inner in value.items():
        if isinstance(inner, Array) and inner and all(isinstance(one, Object) for one in inner):
            yield (*before, name), inner
        elif isinstance(inner, Object) and len(before) < _DEPTH:
            yield from _arrays(inner, (*before, name))


def _is_alone(value: Any, path: tuple[str, ...]) -> bool:
    """Whether an object has nothing but this path."""
    for name in path:
        if not isinstance(value, Object) or set(value) - {name}:
            return False
        value = value.get(name)
    return True


def rows(document: Any, path: tuple[str, ...] | None) -> list[Any] | None:
    """The rows of a document; None if it has nothing at the path."""
    if path is None:
        return [document]
    for name in path:
        if not isinstance(document, Object) or name not in document:
            return None
        document = document[name]
    return list(document) if isinstance(document, Array) else None


def beside(documents: Sequence[Any], path: tuple[str, ...] | None) -> list[str]:
    """The fields around the array of the rows, which no row has."""
    found: dict[str, None] = {}
    for document in documents:
        value = document
        before: tuple[str, ...] = ()
        for name in path or ():
            if not isinstance(value, Object):
                break
            found |= dict.fromkeys(mapping((*before, one)) for one in value if one != name)
            value, before = value.get(name), (*before, name)
    return list(found)
