"""How a SELECT joins streams: each join with the windows on its sides."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from kda.rule import Part
from kda.windows import frame, named


def stream_joins(part: Part) -> Iterator[tuple[exp.Expr, exp.Window | None, exp.Window | None]]:
    """Each join of two streams: its node, and the windows before and of the relation that it adds."""
    windows: list[exp.Window | None] = []
    for relation in part.relations:
        if not relation.is_stream:
            continue
        own_window = named(relation.window, part.select)
        if relation.window is not None and own_window is None:
            continue  # a window that nobody declares, which K96 names
        if windows and relation.join is not None:
            # Beside a relation without a window a further one meets its current row, whatever windows others have.
            yield relation.join, None if None in windows else windows[0], own_window
        windows.append(own_window)


def by_rows(window_: exp.Window | None) -> bool:
    """Whether the window counts rows, or is of no length of time that is known."""
    if window_ is None:
        return False
    kind, preceding, is_backward = frame(window_.args.get("spec"))
    return kind != "RANGE" or preceding is None or not is_backward
