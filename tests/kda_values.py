"""Values of generated programs of KDA: expressions whose types are known, and columns that hold them.

Numbers are bounded, as overflow has no rule. Each DOUBLE of a record is a multiple of 1/4: sums do not depend on order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

KINDS = ("text", "whole", "double", "decimal", "truth", "time")
WIDTHS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}
WORDS = ("north", "south", "east", "west", "N", "nord-ost", "", "Ünï", "it's", "a_b", "50%")
NUMBERS = ("12", " 7 ", "-3", "1.5", "007", "abc", "1e2", "99999999999", "+4", "", "0")
MOMENTS = ("2026-11-22 10:00:00", "2026-11-22", "2026-11-22 10:03:04.500", "soon", "2026-02-30 00:00:00", "")
UNITS = ("SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "YEAR")


@dataclass(frozen=True)
class Typed:
    """An expression. kind: one of KINDS; width: bits of a whole number; bound: of a number's absolute value.

    is_atom: whether it needs no parentheses as an operand; is_exact: whether a DOUBLE is a multiple of 1/4 that any
    order of adding gives; holds: what the texts of a column look like ("number", "moment", "log", "key", "").
    """

    sql: str
    kind: str
    width: int = 32
    bound: float = 0
    is_atom: bool = True
    is_exact: bool = True
    holds: str = ""

    @property
    def operand(self) -> str:
        """The expression within another."""
        return self.sql if self.is_atom else f"({self.sql})"


@dataclass(frozen=True)
class Column:
    """A column of a stream, an input or a reference table. name: as SQL writes it; type: as declared."""

    name: str
    kind: str
    type: str
    width: int = 32
    bound: float = 0
    is_exact: bool = True
    holds: str = ""

    @property
    def key(self) -> str:
        """Its name as KDA keeps it."""
        return self.name[1:-1].replace('""', '"') if self.name.startswith('"') else self.name.upper()

    def of(self, alias: str) -> Typed:
        """A reference to it."""
        sql = f"{alias}.{self.name}" if alias else self.name
        return Typed(sql, self.kind, self.width, self.bound, is_exact=self.is_exact, holds=self.holds)


def text(value: str) -> str:
    """A literal."""
    return "'" + value.replace("'", "''") + "'"


def declared(random: Random, value: Typed, name: str, *, fits: bool = False) -> Column:
    """A column of a stream for these values. Now and then it is too narrow for some of them, unless it is to fit."""
    narrow = random.random() < 0.12 and not fits
    if value.kind == "text":
        size = random.choice((2, 3)) if narrow else random.choice((8, 16, 32, 64))
        kind = "CHAR" if random.random() < 0.05 else "VARCHAR"
        return Column(name, "text", f"{kind}({size})", holds="" if narrow else value.holds)
    if value.kind in ("truth", "time"):
        return Column(name, value.kind, "BOOLEAN" if value.kind == "truth" else "TIMESTAMP")
    if fits and value.kind == "whole":
        return _whole(name, "BIGINT", value.bound)
    if fits and value.kind == "decimal":
        return Column(name, "decimal", "DECIMAL(18,4)", bound=value.bound)
    return _number(random, value, name, narrow=narrow)


def _number(random: Random, value: Typed, name: str, *, narrow: bool) -> Column:
    """A column for numbers."""
    kind = value.kind
    if kind == "whole" and not narrow and random.random() < 0.1 and value.bound < 2**50:
        kind = "double"
    if kind == "whole" or (kind == "double" and value.kind == kind and narrow and value.is_exact):
        fitting = [kind for kind, width in WIDTHS.items() if value.bound < 2 ** (width - 1) and width >= 32]
        narrower = ("TINYINT", "SMALLINT", "INTEGER") if kind == "whole" else ("INTEGER",)
        return _whole(name, random.choice(narrower if narrow else fitting), value.bound)
    if kind == "double":
        written = random.choice(("DOUBLE", "DOUBLE", "DOUBLE", "FLOAT", "DOUBLE PRECISION", "REAL"))
        return Column(name, "double", written, bound=value.bound, is_exact=value.is_exact)
    written = "DECIMAL(4,1)" if narrow else random.choice(("DECIMAL(12,2)", "DECIMAL(14,4)"))
    return Column(name, "decimal", written, bound=min(value.bound, 999.9 if narrow else 10**10))


def _whole(name: str, kind: str, bound: float) -> Column:
    width = WIDTHS[kind]
    return Column(name, "whole", kind, width, min(bound, 2 ** (width - 1) - 1))


class Values:
    """Makes expressions over columns. times: expressions that are the rows' ROWTIME."""

    def __init__(
        self, random: Random, columns: Sequence[Typed], times: Sequence[str] = (), used: set[str] | None = None
    ):
        self.random, self.columns, self.times = random, list(columns), list(times)
        self.used = used if used is not None else set()

    def of(self, kind: str, depth: int = 2) -> Typed:
        """An expression of this kind."""
        made: Callable[[int], Typed] = getattr(self, kind)
        return made(depth)

    def any(self, depth: int = 2) -> Typed:
        """An expression of any kind that the columns suggest."""
        kinds = [column.kind for column in self.columns] or ["whole"]
        return self.of(self.random.choice([*kinds, "whole", "text", "time"]), depth)

    def column(self, *kinds: str) -> Typed | None:
        """A column of one of these kinds, if there is one."""
        found = [column for column in self.columns if column.kind in kinds]
        return self.random.choice(found) if found else None

    def _use(self, name: str) -> None:
        self.used.add(name)

    def _composed(self, kind: str, choices: Sequence[tuple[str, Callable[[], Typed | None]]], depth: int) -> Typed:
        """A column or a literal at the end; else one of these, which give None where they do not apply."""
        if depth <= 0 or self.random.random() < 0.35:
            found = self.column(kind)
            if found is not None and self.random.random() < 0.85:
                return found
            return self._literal(kind)
        for _ in range(6):
            name, make = self.random.choice(choices)
            made = make()
            if made is not None:
                self._use(name)
                return made
        return self.column(kind) or self._literal(kind)

    def _literal(self, kind: str) -> Typed:
        random = self.random
        if kind == "text":
            return Typed(text(random.choice(WORDS)), "text")
        if kind == "whole":
            value = random.choice((0, 1, 2, 3, 5, 10, 60))
            return Typed(str(value), "whole", 32, value)
        if kind == "double":
            value = random.choice((0, 1, 4, 10))
            return Typed(f"CAST({value} AS DOUBLE)", "double", 64, value)
        if kind == "decimal":
            value = random.choice(("0.5", "1.25", "10.0"))
            return Typed(f"CAST({value} AS DECIMAL(10,2))", "decimal", 64, float(value))
        if kind == "truth":
            return Typed(random.choice(("TRUE", "FALSE")), "truth")
        moment = random.choice(("2026-11-22 10:00:00", "2026-11-22 10:02:30", "2026-01-01 00:00:00"))
        return Typed(f"TIMESTAMP '{moment}'", "time")

    def _case(self, kind: str, depth: int) -> Typed:
        random = self.random
        values = [self.of(kind, depth - 1) for _ in range(random.randint(1, 2))]
        if random.random() < 0.25 and (subject := self.column("text", "whole")):
            tests = [self._literal(subject.kind).sql for _ in values]
            head = f"CASE {subject.sql}"
        else:
            tests = [self.truth(depth - 1).sql for _ in values]
            head = "CASE"
        branches = "".join(f" WHEN {test} THEN {value.sql}" for test, value in zip(tests, values, strict=True))
        otherwise = self.of(kind, depth - 1) if random.random() < 0.7 else None
        end = f" ELSE {otherwise.sql}" if otherwise else ""
        return self._widest(f"{head}{branches}{end} END", kind, [*values, *([otherwise] if otherwise else [])])

    def _widest(self, sql: str, kind: str, values: Sequence[Typed]) -> Typed:
        return Typed(
            sql,
            kind,
            max(value.width for value in values),
            max(value.bound for value in values),
            is_exact=all(value.is_exact for value in values),
        )

    def _coalesce(self, kind: str, depth: int) -> Typed:
        values = [self.of(kind, depth - 1), self._literal(kind)]
        if self.random.random() < 0.3:
            values.insert(1, self.of(kind, 0))
        return self._widest(f"COALESCE({', '.join(value.sql for value in values)})", kind, values)

    def _nullif(self, kind: str, depth: int) -> Typed:
        value = self.of(kind, depth - 1)
        return replace(value, sql=f"NULLIF({value.sql}, {self._literal(kind).sql})", is_atom=True, holds="")

    def _both(self, kind: str, operator: str, depth: int) -> Typed | None:
        left, right = self.of(kind, depth - 1), self.of(kind, depth - 1)
        width = max(left.width, right.width)
        bound = {"*": left.bound * right.bound, "/": left.bound * (1 if kind == "whole" else 4)}.get(
            operator, left.bound + right.bound
        )
        limit = 2 ** (width - 1) if kind == "whole" else 1e6 if kind == "decimal" else 1e12
        if bound >= limit:
            return None
        is_exact = operator != "/" and left.is_exact and right.is_exact and (operator != "*" or bound < 1e6)
        is_exact = is_exact and (operator != "*" or kind != "double")
        return Typed(f"{left.operand} {operator} {right.operand}", kind, width, bound, is_atom=False, is_exact=is_exact)

    def whole(self, depth: int = 2) -> Typed:
        """INTEGER and its like."""
        return self._composed(
            "whole",
            [
                ("arithmetic", lambda: self._both("whole", self.random.choice("+-*"), depth)),
                ("division", lambda: self._both("whole", "/", depth)),
                ("MOD", lambda: self._mod(depth)),
                ("sign", lambda: self._negative(depth)),
                ("CASE", lambda: self._case("whole", depth)),
                ("COALESCE", lambda: self._coalesce("whole", depth)),
                ("NULLIF", lambda: self._nullif("whole", depth)),
                ("CAST to a number", lambda: self._cast_whole(depth)),
                ("lengths of text", lambda: self._of_text(depth)),
                ("EXTRACT", lambda: self._extract(depth)),
                ("times in milliseconds", lambda: self._milliseconds(depth)),
                ("STEP of a number", lambda: self._step_number(depth)),
            ],
            depth,
        )

    def _mod(self, depth: int) -> Typed:
        left, right = self.whole(depth - 1), self.whole(depth - 1)
        return Typed(
            f"MOD({left.sql}, {right.sql})", "whole", max(left.width, right.width), min(left.bound, right.bound)
        )

    def _negative(self, depth: int) -> Typed:
        value = self.whole(depth - 1)
        if self.random.random() < 0.5:
            return replace(value, sql=f"ABS({value.sql})", is_atom=True)
        return replace(value, sql=f"- {value.operand}", is_atom=False)

    def _cast_whole(self, depth: int) -> Typed:
        random = self.random
        kind = random.choice(("INTEGER", "INTEGER", "BIGINT", "SMALLINT"))
        numbers = [column for column in self.columns if column.holds == "number"]
        source = random.choice(numbers) if numbers and random.random() < 0.6 else None
        if source is None:
            source = self.of(random.choice(("double", "decimal", "whole")), depth - 1)
        bound = 2 ** (WIDTHS[kind] - 1) - 1 if source.kind == "text" else min(source.bound, 2 ** (WIDTHS[kind] - 1) - 1)
        if source.kind == "double" and not source.is_exact:
            source = self.of("decimal", 0)
            bound = source.bound
        return Typed(f"CAST({source.sql} AS {kind})", "whole", WIDTHS[kind], bound)

    def _of_text(self, depth: int) -> Typed:
        value = self.text(depth - 1)
        part = text(self.random.choice(("o", "st", "N", "or")))
        name = self.random.choice(("CHAR_LENGTH", "CHARACTER_LENGTH", "POSITION"))
        sql = f"POSITION({part} IN {value.operand})" if name == "POSITION" else f"{name}({value.sql})"
        return Typed(sql, "whole", 32, 1000)

    def _extract(self, depth: int) -> Typed | None:
        unit = self.random.choice(("MINUTE", "HOUR", "DAY", "MONTH", "YEAR"))
        return Typed(f"EXTRACT({unit} FROM {self.time(depth - 1).operand})", "whole", 64, 9999)

    def _milliseconds(self, depth: int) -> Typed | None:
        if self.random.random() < 0.5:
            return Typed(f"UNIX_TIMESTAMP({self.time(depth - 1).sql})", "whole", 64, 4e12)
        return Typed(f"TSDIFF({self.time(depth - 1).sql}, {self.time(depth - 1).sql})", "whole", 64, 4e12)

    def _step_number(self, depth: int) -> Typed:
        value = self.whole(depth - 1)
        return replace(value, sql=f"STEP({value.operand} BY {self.random.choice((2, 5, 10))})", is_atom=True)

    def double(self, depth: int = 2) -> Typed:
        """DOUBLE."""
        return self._composed(
            "double",
            [
                ("arithmetic", lambda: self._both("double", self.random.choice("+-*"), depth)),
                ("mixed arithmetic", lambda: self._mixed(depth)),
                ("division", lambda: self._both("double", "/", depth)),
                ("CASE", lambda: self._case("double", depth)),
                ("COALESCE", lambda: self._coalesce("double", depth)),
                ("NULLIF", lambda: self._nullif("double", depth)),
                ("CAST to a number", lambda: self._cast_double(depth)),
                ("functions of numbers", lambda: self._function(depth)),
            ],
            depth,
        )

    def _mixed(self, depth: int) -> Typed | None:
        left, right = self.double(depth - 1), self.whole(depth - 1)
        operator = self.random.choice("+-*/")
        if left.bound * max(right.bound, 1) > 1e12:
            return None
        sides = [left.operand, right.operand]
        bound = left.bound * max(right.bound, 1) + right.bound
        is_exact = operator in "+-" and left.is_exact and right.bound < 2**40
        return Typed(f" {operator} ".join(sides), "double", 64, bound, is_atom=False, is_exact=is_exact)

    def _cast_double(self, depth: int) -> Typed:
        numbers = [column for column in self.columns if column.holds == "number"]
        if numbers and self.random.random() < 0.6:
            return Typed(f"CAST({self.random.choice(numbers).sql} AS DOUBLE)", "double", 64, 1e12, is_exact=False)
        value = self.of(self.random.choice(("whole", "decimal")), depth - 1)
        is_exact = value.kind == "whole" and value.bound < 2**40
        return Typed(f"CAST({value.sql} AS DOUBLE)", "double", 64, value.bound, is_exact=is_exact)

    def _function(self, depth: int) -> Typed:
        value = self.double(depth - 1)
        name = self.random.choice(("ABS", "FLOOR", "CEIL", "CEILING", "POWER", "EXP", "LN", "LOG10"))
        if name in ("FLOOR", "CEIL", "CEILING") and not value.is_exact:
            name = "ABS"
        if name == "EXP" and value.bound > 50:
            name = "ABS"
        if name == "POWER" and value.bound > 1e5:
            name = "ABS"
        if name == "POWER":
            return Typed(f"POWER({value.sql}, 2)", "double", 64, value.bound**2, is_exact=False)
        if name in ("LN", "LOG10"):
            return Typed(f"{name}(ABS({value.sql}) + 1)", "double", 64, 100, is_exact=False)
        if name == "EXP":
            return Typed(f"EXP({value.sql})", "double", 64, 1e22, is_exact=False)
        return Typed(f"{name}({value.sql})", "double", 64, value.bound + 1, is_exact=value.is_exact)

    def decimal(self, depth: int = 2) -> Typed:
        """DECIMAL: no division, as its digits have no rule."""
        return self._composed(
            "decimal",
            [
                ("arithmetic of DECIMAL", lambda: self._both("decimal", self.random.choice("+-"), depth)),
                ("CASE", lambda: self._case("decimal", depth)),
                ("COALESCE", lambda: self._coalesce("decimal", depth)),
            ],
            depth,
        )

    def text(self, depth: int = 2) -> Typed:
        """VARCHAR."""
        return self._composed(
            "text",
            [
                ("||", lambda: self._concatenated(depth)),
                ("functions of texts", lambda: self._text_function(depth)),
                ("CASE", lambda: self._case("text", depth)),
                ("COALESCE", lambda: self._coalesce("text", depth)),
                ("NULLIF", lambda: self._nullif("text", depth)),
                ("CAST to a text", lambda: self._cast_text(depth)),
                ("REGEX_REPLACE", lambda: self._replaced(depth)),
                ("TIMESTAMP_TO_CHAR", lambda: self._formatted(depth)),
            ],
            depth,
        )

    def _concatenated(self, depth: int) -> Typed:
        values = [self.text(depth - 1) for _ in range(self.random.randint(2, 3))]
        return Typed(" || ".join(value.operand for value in values), "text", is_atom=False)

    def _text_function(self, depth: int) -> Typed:
        value = self.text(depth - 1)
        begin, count = self.random.randint(1, 3), self.random.randint(0, 4)
        sql = self.random.choice(
            (
                f"UPPER({value.sql})",
                f"LOWER({value.sql})",
                f"INITCAP({value.sql})",
                f"TRIM({value.sql})",
                f"TRIM(BOTH ' ' FROM {value.operand})",
                f"TRIM(LEADING '0' FROM {value.operand})",
                f"TRIM(TRAILING 't' FROM {value.operand})",
                f"SUBSTRING({value.operand} FROM {begin} FOR {count})",
                f"SUBSTRING({value.operand} FROM {begin})",
                f"SUBSTRING({value.operand}, {begin}, {count})",
                f"OVERLAY({value.operand} PLACING '*' FROM {begin} FOR 1)",
                f"OVERLAY({value.operand} PLACING '**' FROM {begin})",
            )
        )
        return Typed(sql, "text")

    def _cast_text(self, depth: int) -> Typed:
        random = self.random
        if self.times and random.random() < 0.2:
            return Typed(f"CAST({random.choice(self.times)} AS VARCHAR(29))", "text")
        value = self.of(random.choice(("whole", "whole", "truth", "text", "decimal")), depth - 1)
        return Typed(f"CAST({value.sql} AS VARCHAR({random.choice((3, 8, 24))}))", "text")

    def _replaced(self, depth: int) -> Typed:
        pattern, new = self.random.choice((("o", "0"), ("[aeiou]", "_"), ("^n", "N"), ("(t)h", "")))
        more = self.random.choice(("", ", 1, 0"))
        return Typed(f"REGEX_REPLACE({self.text(depth - 1).sql}, {text(pattern)}, {text(new)}{more})", "text")

    def _formatted(self, depth: int) -> Typed:
        form = self.random.choice(("yyyy-MM-dd HH:mm:ss", "HH:mm", "yyyyMMdd", "dd/MM/yyyy"))
        return Typed(f"TIMESTAMP_TO_CHAR({text(form)}, {self.time(depth - 1).sql})", "text")

    def time(self, depth: int = 1) -> Typed:
        """TIMESTAMP."""
        return self._composed(
            "time",
            [
                ("ROWTIME as a value", self._rowtime),
                ("time and interval", lambda: self._shifted(depth)),
                ("CHAR_TO_TIMESTAMP", lambda: self._parsed(depth)),
                ("TO_TIMESTAMP", self._from_milliseconds),
                ("STEP of a payload time", lambda: self._stepped(depth)),
                ("FLOOR of a payload time", lambda: self._floored(depth)),
                ("CURRENT_TIMESTAMP", self._now),
                ("CAST to a time", self._cast_time),
                ("CASE", lambda: self._case("time", depth)),
                ("COALESCE", lambda: self._coalesce("time", depth)),
            ],
            depth,
        )

    def _rowtime(self) -> Typed | None:
        return Typed(self.random.choice(self.times), "time") if self.times else None

    def _now(self) -> Typed | None:
        return Typed(self.random.choice(("CURRENT_TIMESTAMP", "CURRENT_ROW_TIMESTAMP")), "time") if self.times else None

    def _shifted(self, depth: int) -> Typed:
        value = self.time(depth - 1)
        length = self.random.choice(("'1' MINUTE", "'90' SECOND", "'1' HOUR", "'1 02' DAY TO HOUR", "'0.5' SECOND"))
        return Typed(f"{value.operand} {self.random.choice('+-')} INTERVAL {length}", "time", is_atom=False)

    def _parsed(self, depth: int) -> Typed:
        moments = [column for column in self.columns if column.holds == "moment"]
        value = self.random.choice(moments) if moments else self.text(depth - 1)
        return Typed(f"CHAR_TO_TIMESTAMP('yyyy-MM-dd HH:mm:ss', {value.sql})", "time")

    def _from_milliseconds(self) -> Typed | None:
        column = self.column("whole")
        return Typed(f"TO_TIMESTAMP({column.sql})", "time") if column and column.width == 64 else None

    def _payload(self, depth: int) -> Typed | None:
        """A time that is none of ROWTIME's."""
        return Values(self.random, self.columns, (), self.used).time(depth)

    def _stepped(self, depth: int) -> Typed | None:
        value = self.column("time") or self._payload(depth - 1)
        length = self.random.choice(("'1' MINUTE", "'10' SECOND", "'1' HOUR", "'1' DAY"))
        return Typed(f"STEP({value.operand} BY INTERVAL {length})", "time") if value else None

    def _floored(self, depth: int) -> Typed | None:
        value = self.column("time") or self._payload(depth - 1)
        return Typed(f"FLOOR({value.sql} TO {self.random.choice(UNITS)})", "time") if value else None

    def _cast_time(self) -> Typed | None:
        moments = [column for column in self.columns if column.holds == "moment"]
        return Typed(f"CAST({self.random.choice(moments).sql} AS TIMESTAMP)", "time") if moments else None

    def truth(self, depth: int = 2) -> Typed:
        """A condition, or BOOLEAN."""
        column = self.column("truth")
        if column is not None and self.random.random() < 0.15:
            return column
        choices: list[tuple[str, Callable[[], Typed | None]]] = [
            ("comparison", lambda: self._compared(depth)),
            ("comparison", lambda: self._compared(depth)),
            ("LIKE", lambda: self._like(depth)),
            ("SIMILAR TO", lambda: self._similar(depth)),
            ("IN", lambda: self._in(depth)),
            ("BETWEEN", lambda: self._between(depth)),
            ("IS", lambda: self._is(depth)),
        ]
        if depth > 0:
            choices += [("AND, OR", lambda: self._logic(depth)), ("NOT", lambda: self._not(depth))]
        for _ in range(6):
            name, make = self.random.choice(choices)
            made = make()
            if made is not None:
                self._use(name)
                return made
        return Typed("1 = 1", "truth", is_atom=False)

    def _compared(self, depth: int) -> Typed:
        kind = self.random.choice([column.kind for column in self.columns] or ["whole"])
        if kind == "truth":
            kind = "whole"
        left = self.column(kind) if self.random.random() < 0.6 else None
        left = left or self.of(kind, depth - 1)
        right = self.of(kind, 0)
        signs = ("=", "<>", "<", "<=", ">", ">=", "!=") if left.is_exact and right.is_exact else ("<", ">")
        return Typed(f"{left.operand} {self.random.choice(signs)} {right.operand}", "truth", is_atom=False)

    def _not_or_so(self) -> str:
        return self.random.choice(("", "", "NOT "))

    def _like(self, depth: int) -> Typed:
        pattern = self.random.choice(("n%", "%o%", "_o%", "N", "%", "%t", "s_uth"))
        if self.random.random() < 0.2:
            sql = f"{self._not_or_so()}LIKE {text(self.random.choice(('%!_%', '%!%')))} ESCAPE '!'"
            return Typed(f"{self.text(depth - 1).operand} {sql}", "truth", is_atom=False)
        return Typed(f"{self.text(depth - 1).operand} {self._not_or_so()}LIKE {text(pattern)}", "truth", is_atom=False)

    def _similar(self, depth: int) -> Typed:
        pattern = self.random.choice(("(north|south)", "[a-n]%", "%(st|th)", "_+", "n(o|u)%", "[0-9]+"))
        sql = f"{self.text(depth - 1).operand} {self._not_or_so()}SIMILAR TO {text(pattern)}"
        return Typed(sql, "truth", is_atom=False)

    def _in(self, depth: int) -> Typed:
        kind = self.random.choice(("text", "whole"))
        values = ", ".join(self._literal(kind).sql for _ in range(self.random.randint(1, 4)))
        return Typed(f"{self.of(kind, depth - 1).operand} {self._not_or_so()}IN ({values})", "truth", is_atom=False)

    def _between(self, depth: int) -> Typed:
        kind = self.random.choice(("whole", "double", "text", "time"))
        low, high = self.of(kind, 0), self.of(kind, 0)
        if low.sql == high.sql:  # a window that ends at one known time is no window to Flink
            high = self._literal(kind)
        value = self.of(kind, depth - 1)
        sql = f"{value.operand} {self._not_or_so()}BETWEEN {low.operand} AND {high.operand}"
        return Typed(sql, "truth", is_atom=False)

    def _is(self, depth: int) -> Typed:
        if self.random.random() < 0.6:
            what = self.random.choice(("NULL", "NOT NULL"))
            return Typed(f"{self.any(depth - 1).operand} IS {what}", "truth", is_atom=False)
        if self.random.random() < 0.4:
            kind = self.random.choice(("whole", "text"))
            word = self.random.choice(("", "NOT "))
            sql = f"{self.of(kind, 0).operand} IS {word}DISTINCT FROM {self.of(kind, 0).operand}"
            return Typed(sql, "truth", is_atom=False)
        what = self.random.choice(("TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"))
        return Typed(f"({self.truth(depth - 1).sql}) IS {what}", "truth", is_atom=False)

    def _logic(self, depth: int) -> Typed:
        word = self.random.choice((" AND ", " AND ", " OR "))
        parts = [self.truth(depth - 1) for _ in range(self.random.randint(2, 3))]
        return Typed(word.join(part.operand for part in parts), "truth", is_atom=False)

    def _not(self, depth: int) -> Typed:
        return Typed(f"NOT ({self.truth(depth - 1).sql})", "truth", is_atom=False)

    def aggregate(self, rows: int, *, is_ordered: bool, is_over: bool = False) -> Typed:
        """An aggregate function. rows: at most so many go into it."""
        random = self.random
        for _ in range(8):
            name = random.choice(
                ("COUNT(*)", "COUNT", "SUM", "SUM", "AVG", "AVG", "MIN", "MAX", "DISTINCT", "STDDEV", "FIRST", "LAST")
            )
            made = self._aggregate(name, rows, is_ordered=is_ordered, is_over=is_over)
            if made is not None:
                self._use({"FIRST": "FIRST_VALUE", "LAST": "LAST_VALUE", "DISTINCT": "COUNT DISTINCT"}.get(name, name))
                return made
        return Typed("COUNT(*)", "whole", 64, rows)

    def _aggregate(self, name: str, rows: int, *, is_ordered: bool, is_over: bool) -> Typed | None:
        """The aggregate of this name; None if no column is for it."""
        if name in ("SUM", "AVG"):
            return self._mean(name, rows)
        if name == "STDDEV":
            return self._deviation()
        if name.startswith("COUNT"):
            argument = "*" if name == "COUNT(*)" else self.any(1).sql
            return Typed(f"COUNT({argument})", "whole", 64, rows)
        more = {"DISTINCT": (), "MIN": ("double", "decimal"), "MAX": ("double", "decimal")}.get(name, ("double",))
        column = self.column("text", "whole", "time", *more)
        if column is None or (name in ("FIRST", "LAST") and not is_ordered) or (name == "DISTINCT" and is_over):
            return None
        if name == "DISTINCT":
            return Typed(f"COUNT(DISTINCT {column.sql})", "whole", 64, rows)
        function = f"{name}_VALUE" if name in ("FIRST", "LAST") else name
        return replace(column, sql=f"{function}({column.sql})", holds="")

    def _mean(self, name: str, rows: int) -> Typed | None:
        """SUM or AVG."""
        kind = self.random.choice(("whole", "double", "double", "decimal"))
        value = self.of(kind, self.random.choice((0, 0, 1)))
        bound = value.bound * rows
        if kind == "decimal" and (name == "AVG" or bound > 1e8):
            return None
        if kind == "whole" and bound >= 2 ** (value.width - 1):
            return None
        is_exact = value.is_exact if name == "SUM" else kind == "whole"
        bound = bound if name == "SUM" else value.bound
        return replace(value, sql=f"{name}({value.sql})", bound=bound, is_atom=True, is_exact=is_exact, holds="")

    def _deviation(self) -> Typed | None:
        """STDDEV and its like, of numbers whose squares are exact."""
        column = self.column("double")
        if column is None or not column.is_exact or column.bound > 1e5:
            return None
        function = self.random.choice(("STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP", "STDDEV"))
        return Typed(f"{function}({column.sql})", "double", 64, column.bound**2, is_exact=False)
