"""How a SELECT looks up a reference table: by which of its columns, or why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from kda.program import canonical
from kda.rule import Part
from kda.scope import Catalog, Relation


@dataclass(frozen=True)
class Lookup:
    """relation: the reference table; keys: its columns that equal one of another relation, as far as they are known.

    problem: why there is no such lookup in Flink; "" if there is.
    """

    relation: Relation
    keys: tuple[str, ...]
    problem: str


def lookups(part: Part, catalog: Catalog) -> Iterator[Lookup]:
    """The lookups of a SELECT that reads a stream."""
    if not any(relation.is_stream for relation in part.relations):
        return
    for number, relation in enumerate(part.relations):
        if relation.kind != "reference":
            continue
        keys = tuple(dict.fromkeys(_keys(relation, part, catalog)))
        problem = _problem(relation, part.relations[number + 1 :], has_key=bool(keys))
        yield Lookup(relation, tuple(filter(None, keys)), problem)


def _problem(relation: Relation, after: tuple[Relation, ...], *, has_key: bool) -> str:
    join = relation.join
    side, kind = (join.args.get("side"), join.args.get("kind")) if join is not None else (None, None)
    if side in ("RIGHT", "FULL"):
        return f"{side} JOIN with a reference table is not translated"
    if kind == "CROSS":
        return "CROSS JOIN with a reference table is not translated: a lookup needs a column that equals another's"
    sides = [one.join.args.get("side") for one in after if one.is_stream and one.join is not None]
    outer = next((one for one in sides if one in ("LEFT", "FULL")), None)
    if join is None and outer:
        return f"a reference table before {outer} JOIN, where each of its rows stays, is not translated"
    if not has_key:
        return "a join with a reference table in which none of its columns equals another's is not translated"
    return ""


def _keys(relation: Relation, part: Part, catalog: Catalog) -> Iterator[str]:
    """The columns of a reference table in equalities with another relation: of its ON or USING, or elsewhere."""
    joins = [one.join for one in part.relations if one.join is not None]
    own = joins if relation.join is None else [relation.join]
    found = list(_of_conditions([join.args.get("on") for join in own], relation, part, catalog))
    for join in own:
        found += map(canonical, join.args.get("using") or ())
    if not found and not any(join.args.get("side") for join in own):
        where = part.select.args.get("where")
        conditions = [*(join.args.get("on") for join in joins), where and where.this]
        found += _of_conditions(conditions, relation, part, catalog)
    yield from found


def _of_conditions(
    conditions: Sequence[exp.Expr | None], relation: Relation, part: Part, catalog: Catalog
) -> Iterator[str]:
    for condition in conditions:
        for equality in _conjuncts(condition) if condition is not None else ():
            if isinstance(equality, exp.EQ):
                yield from _key(equality, relation, part, catalog)


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _conjuncts(condition.this)
        yield from _conjuncts(condition.expression)
    else:
        yield condition


def _key(equality: exp.EQ, relation: Relation, part: Part, catalog: Catalog) -> Iterator[str]:
    """The reference table's side of an equality with other relations, if it is a column; "" if it may be its."""
    for side, other in ((equality.this, equality.expression), (equality.expression, equality.this)):
        column = side.unnest() if isinstance(side, exp.Paren) else side
        others = [catalog.owner(one, part.select) for one in other.find_all(exp.Column)]
        if isinstance(column, exp.Column) and others and relation not in others:
            owner = catalog.owner(column, part.select)
            if owner == relation:
                yield canonical(column)
            elif owner is None and relation.columns is None:
                yield ""
