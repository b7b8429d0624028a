"""The rows of FROM: of one relation, or of a join.

Rows of streams meet where each is in its window at the time of the other: b in the window of n before a, and so on; a
stream without a window has only its current row, so that two of them meet in the same millisecond (K33). The joined row
has the ROWTIME of the stream without a window (K07), of two with windows that of the left one (K14). An outer join has
that of the side whose rows all stay, and a row of FULL JOIN without a left side that of the right one (K11). A
reference table gives one row, the last in its file of those with the key (K36). NULL keys never meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from kda.model import sliding
from kda.model.evaluation import Context, Expression, Item, Relation
from kda.model.expressions import Compiler
from kda.model.rows import Failed, NotModelled
from kda.program import canonical


@dataclass(frozen=True)
class Side:
    """A relation with its rows. window: milliseconds, None without OVER; node: its join, None for the first."""

    relation: Relation
    items: Sequence[Item]
    window: int | None
    join: exp.Join | None


def window(over: exp.Expr | None, select: exp.Select) -> int | None:
    """The length of a relation's OVER in milliseconds."""
    if over is None:
        return None
    found = sliding.named(over, select)
    kind, length = sliding.frame(found)
    if kind != "RANGE" or found.args.get("partition_by") or found.args.get("order"):
        raise NotModelled("A join over another window than RANGE INTERVAL .. PRECEDING is not modelled.")
    return length


def leading(sides: Sequence[Side]) -> int:
    """The relation whose ROWTIME a joined row has."""
    streams = [number for number, side in enumerate(sides) if side.relation.has_time]
    if not streams:
        raise NotModelled("A SELECT from reference tables alone is not modelled.")
    kept = {number: str(side.join.args.get("side") or "") for number, side in enumerate(sides) if side.join}
    right = [number for number in streams if kept.get(number) == "RIGHT"]
    if right:
        return right[-1]
    if any(kept.get(number) in ("LEFT", "FULL") for number in streams):
        return streams[0]
    return next((number for number in streams if sides[number].window is None), streams[0])


def joined(sides: Sequence[Side], select: exp.Select) -> list[Context]:
    """The rows of FROM, in the order of their ROWTIME."""
    sides = [
        side if side.relation.has_time else replace(side, items=_looked_up(number, sides, select))
        for number, side in enumerate(sides)
    ]
    found: list[list[Item | None]] = [[item] for item in sides[0].items]
    for number in range(1, len(sides)):
        found = list(_with(found, number, sides))
    first = leading(sides)
    contexts = []
    for parts in found:
        own = parts[first] or next(
            (part for part, side in zip(parts, sides, strict=True) if part is not None and side.relation.has_time), None
        )
        if own is None:
            raise NotModelled("A row of a reference table without a counterpart is not modelled.")
        contexts.append(Context(parts, own.time, own.moment))
    return sorted(contexts, key=lambda context: context.time)


def _with(rows: list[list[Item | None]], number: int, sides: Sequence[Side]) -> Iterator[list[Item | None]]:
    """The rows so far, joined with a further relation."""
    side = sides[number]
    join = side.join
    assert join is not None  # noqa: S101
    keeps_left, keeps_right = _kept(join, side)
    conditions = _conditions(join, number, sides)
    met = [False] * len(side.items)
    for parts in rows:
        is_met = False
        for place, item in enumerate(side.items):
            if _within(parts, item, number, sides) and _meet([*parts, item], conditions):
                is_met = met[place] = True
                yield [*parts, item]
        if not is_met and keeps_left:
            yield [*parts, None]
    if keeps_right:
        for item, is_met in zip(side.items, met, strict=True):
            if not is_met:
                yield [*[None] * number, item]


def _kept(join: exp.Join, side: Side) -> tuple[bool, bool]:
    """Whether rows of the left and of the right side stay without a counterpart."""
    kept = str(join.args.get("side") or "")
    if join.args.get("method"):
        raise NotModelled("NATURAL JOIN is not modelled.")
    if kept in ("RIGHT", "FULL") and (not side.relation.has_time or join.args.get("using")):
        raise NotModelled(f"{kept} JOIN with a reference table, or by USING, is not modelled.")
    return kept in ("LEFT", "FULL"), kept in ("RIGHT", "FULL")


def _conditions(join: exp.Join, number: int, sides: Sequence[Side]) -> list[Expression]:
    compiler = Compiler([side.relation for side in sides[: number + 1]])
    on = join.args.get("on")
    found = [compiler.condition(on)] if on is not None else []
    for name in join.args.get("using") or ():
        own = canonical(name)
        left = next((i for i in range(number) if sides[i].relation.column(own)), None)
        if left is None or not sides[number].relation.column(own):
            raise NotModelled(f"There is no column {own} on both sides of USING.")
        first, second = compiler.column_of(left, own), compiler.column_of(number, own)
        found.append(_equal(first, second))
    return found


def _equal(first: Expression, second: Expression) -> Expression:
    def at(context: Context) -> bool | None:
        values = first.at(context), second.at(context)
        return None if None in values else values[0] == values[1]

    return Expression(None, at)


def _within(parts: Sequence[Item | None], item: Item, number: int, sides: Sequence[Side]) -> bool:
    """Whether a row of a stream is in its window at the time of the others, and they in theirs at its time."""
    if not sides[number].relation.has_time:
        return True
    for part, side in zip(parts, sides, strict=False):
        if part is not None and side.relation.has_time:
            is_old = item.time < part.time - (sides[number].window or 0)
            if is_old or part.time < item.time - (side.window or 0):
                return False
    return True


def _meet(parts: list[Item | None], conditions: Sequence[Expression]) -> bool:
    context = Context(parts, 0, 0)
    try:
        return all(condition.at(context) is True for condition in conditions)
    except Failed as failed:
        raise NotModelled(f"A join whose condition fails is not modelled: {failed.message}.") from None


# ---- reference tables


def _looked_up(number: int, sides: Sequence[Side], select: exp.Select) -> list[Item]:
    """The rows of a reference table that a lookup can find: the last one of each key."""
    keys = _keys(number, sides, select)
    if not keys:
        raise NotModelled(
            "A join with a reference table in which none of its columns equals another's is not modelled."
        )
    last: dict[tuple[Any, ...], Item] = {}
    for item in sides[number].items:
        last[tuple(item.values[key] for key in keys)] = item
    return list(last.values())


def _keys(number: int, sides: Sequence[Side], select: exp.Select) -> list[str]:
    """The columns of a reference table that equal a value of other relations: in ON or USING, or else in WHERE."""
    join = sides[number].join
    own = [side.join for side in sides if side.join is not None] if join is None else [join]
    found = [canonical(name) for one in own for name in one.args.get("using") or ()]
    conditions = [one.args["on"] for one in own if one.args.get("on")]
    found += _equal_columns(conditions, number, sides)
    if not found and not any(one.args.get("side") for one in own):
        where = select.args.get("where")
        conditions = [side.join.args["on"] for side in sides if side.join is not None and side.join.args.get("on")]
        found = _equal_columns([*conditions, *([where.this] if where else [])], number, sides)
    return list(dict.fromkeys(found))


def _equal_columns(conditions: Sequence[exp.Expr], number: int, sides: Sequence[Side]) -> list[str]:
    compiler = Compiler([side.relation for side in sides])
    found = []
    for equality in (one for condition in conditions for one in _conjuncts(condition)):
        if not isinstance(equality, exp.EQ):
            continue
        for one, other in ((equality.this, equality.expression), (equality.expression, equality.this)):
            column = one.unnest() if isinstance(one, exp.Paren) else one
            place = compiler.place(column) if isinstance(column, exp.Column) else None
            others = [compiler.place(node) for node in other.find_all(exp.Column)]
            if place and place[0] == number and others and all(at is None or at[0] != number for at in others):
                found.append(place[1])
    return found


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _conjuncts(condition.this)
        yield from _conjuncts(condition.expression)
    else:
        yield condition
