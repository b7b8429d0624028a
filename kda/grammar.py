"""The grammar of KDA's SQL: a parser of sqlglot whose every rule is written here, and strict.

sqlglot's own rules accept the union of thirty dialects, drop what they do not know and guess at the rest. Here each
rule says what it expects, and `Unexpected` says what was found instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, NoReturn

from sqlglot import exp, parser
from sqlglot.errors import ParseError
from sqlglot.tokenizer_core import Token, TokenType

from kda.nodes import (
    AlterPump,
    CreatePump,
    CreateStream,
    Cursor,
    FloorTo,
    IntervalOf,
    Other,
    Plus,
    SqlType,
    Stagger,
    Step,
    TypedLiteral,
    Words,
)
from kda.scanner import unmasked

UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_FLOOR_UNITS = (*UNITS, "WEEK", "QUARTER")
_TYPES = {
    *("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "REAL", "FLOAT", "DOUBLE", "DECIMAL", "NUMERIC", "DEC"),
    *("BOOLEAN", "CHAR", "CHARACTER", "VARCHAR", "BINARY", "VARBINARY", "DATE", "TIME", "TIMESTAMP"),
}
_TIMES = ("TIMESTAMP", "DATE", "TIME")
# Statements of SQLstream that no application of KDA can do without naming: they are told, not parsed.
_STATES = ("START", "STOP")
_OTHERS = ("ALTER", "DROP", "SET", "GRANT", "DELETE", "UPDATE", "MERGE")
_COMPARISONS: dict[TokenType, type[exp.Binary]] = {
    TokenType.EQ: exp.EQ,
    TokenType.NEQ: exp.NEQ,
    TokenType.LT: exp.LT,
    TokenType.LTE: exp.LTE,
    TokenType.GT: exp.GT,
    TokenType.GTE: exp.GTE,
}
_TERMS: dict[TokenType, type[exp.Binary]] = {
    TokenType.PLUS: exp.Add,
    TokenType.DASH: exp.Sub,
    TokenType.DPIPE: exp.DPipe,
}
_FACTORS: dict[TokenType, type[exp.Binary]] = {TokenType.STAR: exp.Mul, TokenType.SLASH: exp.Div}
_CLAUSES = ("WINDOWED",)  # words that begin a clause, and so are no alias
_NAMES = (TokenType.VAR, TokenType.IDENTIFIER)
_NAME = re.compile(r"(?:[^\W\d]|\$\{[^{}]*\})(?:[\w$]|\$\{[^{}]*\})*")  # without quotes; a placeholder may be in it
_CURLY = "“”„‘’‚«»‹›`´"  # what a word processor makes of quotes
_JOINS = ("JOIN", "LEFT", "RIGHT", "FULL", "INNER", "OUTER")


class Unexpected(ParseError):  # noqa: N818  (it says what was found, as Malformed does)
    """offset: the index into the SQL of what was found; expected, found: words for a message."""

    def __init__(self, offset: int, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.offset, self.expected, self.found = offset, expected, found


class Grammar(parser.Parser):
    """One statement of KDA's SQL at a time."""

    def statements(self, tokens: list[Token], sql: str) -> list[exp.Expr]:
        """The tree of each statement. Raises Unexpected."""
        chunks: list[list[Token]] = [[]]
        for token in tokens:
            if token.token_type == TokenType.SEMICOLON:
                chunks.append([])
            else:
                chunks[-1].append(token)
        found = []
        for chunk in filter(None, chunks):
            self.reset()
            self.sql = sql
            self._tokens, self._tokens_size, self._index = chunk, len(chunk), -1
            self._advance()
            statement = self._statement()
            if self._curr:
                self._fail("; or a further clause")
            # Spans are by index into the SQL; comments stand between the statements.
            statement.meta.update(start=chunk[0].start, end=chunk[-1].end + 1)
            found.append(statement)
        return found

    # ---- tokens

    def _fail(self, expected: str, token: Token | None = None) -> NoReturn:
        token = token or self._curr
        if not token:
            last = self._tokens[-1]
            raise Unexpected(last.end + 1, expected, "the end of the statement")
        raise Unexpected(token.start, expected, unmasked(self.sql[token.start : token.end + 1])[:40])

    def raise_error(self, message: str, token: Token = parser.SENTINEL_NONE) -> NoReturn:
        """sqlglot's own complaint: a node lacks a part."""
        self._fail("a value" if message.startswith("Required") else message, token or None)

    def _is(self, *words: str) -> bool:
        """Whether the next token is one of these words, unquoted."""
        return self._curr.token_type not in (TokenType.IDENTIFIER, TokenType.STRING) and self._word() in words

    def _word(self) -> str:
        return self._curr.text.upper()

    def _take(self, *words: str) -> str:
        """Take the next token if it is one of these words; its text in upper case, or ""."""
        if not self._is(*words):
            return ""
        word = self._word()
        self._advance()
        return word

    def _need(self, *words: str) -> str:
        return self._take(*words) or self._fail(" or ".join(words))

    def _at(self, *types: TokenType) -> bool:
        return self._curr.token_type in types

    def _open(self) -> None:
        self._need("(")

    def _close(self) -> None:
        if not self._take(")"):
            self._fail(") or an operator")

    def _list(self, read: Callable[[], exp.Expr]) -> list[exp.Expr]:
        found = [read()]
        while self._take(","):
            found.append(read())
        return found

    def _wrapped(self, read: Callable[[], exp.Expr]) -> list[exp.Expr]:
        self._open()
        found = self._list(read)
        if not self._take(")"):
            self._fail("a comma or )")
        return found

    def _identifier(self, expected: str) -> exp.Identifier:
        if not self._at(*_NAMES):
            self._fail(expected)
        token = self._curr
        self._require_name(token, expected)
        self._advance()
        quoted = token.token_type == TokenType.IDENTIFIER
        name = token.text if quoted else unmasked(token.text)
        return exp.Identifier(this=name, quoted=quoted).update_positions(token)

    def _require_name(self, token: Token, expected: str) -> None:
        name = unmasked(token.text)
        if token.token_type == TokenType.VAR and not _NAME.fullmatch(name):
            self._fail("straight quotes, \" or '" if any(sign in name for sign in _CURLY) else expected, token)

    def _string(self, expected: str) -> exp.Literal:
        if not self._at(TokenType.STRING):
            self._fail(expected)
        self._advance()
        return exp.Literal.string(self._prev.text).update_positions(self._prev)

    def _relation(self, expected: str) -> exp.Table:
        """A name of at most three parts."""
        parts = [self._identifier(expected)]
        while self._take("."):
            parts.append(self._identifier("a name"))
        if len(parts) > 3:
            self._fail("a name of at most three parts", self._prev)
        names = dict(zip(("this", "db", "catalog"), reversed(parts), strict=False))
        return exp.Table(**names)

    # ---- statements

    def _statement(self) -> exp.Expr:
        if self._at(TokenType.SELECT):
            return self._query()
        if self._at(TokenType.INSERT):
            return self._insert()
        if self._is(*_OTHERS):
            return self._alter_pump() if self._is_alter_pump() else self._other()
        if not self._take("CREATE"):
            self._fail("CREATE OR REPLACE STREAM or CREATE OR REPLACE PUMP")
        replace = bool(self._take("OR") and self._need("REPLACE"))
        if self._is("VIEW", "FUNCTION", "SCHEMA", "FOREIGN", "TABLE"):
            return self._other()
        if self._need("STREAM", "PUMP") == "STREAM":
            return self._create_stream(replace)
        return self._create_pump(replace)

    def _is_alter_pump(self) -> bool:
        """Whether the statement starts or stops one pump, and does nothing else to it."""
        words = [token.text.upper() for token in self._tokens]
        is_name = len(words) >= 4 and len(words) % 2 == 0 and set(words[3:-1:2]) <= {"."}
        return is_name and words[:2] == ["ALTER", "PUMP"] and words[-1] in _STATES

    def _alter_pump(self) -> AlterPump:
        self._need("ALTER")
        self._need("PUMP")
        return AlterPump(this=self._relation("the name of the pump"), state=self._need(*_STATES))

    def _other(self) -> Other:
        first, token = self._tokens[0], self._curr
        while self._curr:
            self._advance()
        text = unmasked(self.sql[first.start : self._prev.end + 1])
        words = first.text.upper() if first is token else f"{first.text.upper()} {token.text.upper()}"
        return Other(text=text, word=words)

    def _create_stream(self, replace: bool) -> CreateStream:
        this: exp.Expr = self._relation("the name of the stream")
        if self._at(TokenType.L_PAREN):
            this = exp.Schema(this=this, expressions=self._wrapped(self._column_definition))
        description = self._string("a text") if self._take("DESCRIPTION") else None
        query = self._query() if self._take("AS") else None
        if query is None and not isinstance(this, exp.Schema):
            self._fail("( with the stream's columns")
        return CreateStream(this=this, replace=replace, description=description, query=query)

    def _column_definition(self) -> exp.ColumnDef:
        name = self._identifier("the name of a column")
        kind = self._type()
        if self._take("NOT"):
            self._need("NULL")
            constraint = exp.ColumnConstraint(kind=exp.NotNullColumnConstraint())
            return exp.ColumnDef(this=name, kind=kind, constraints=[constraint])
        return exp.ColumnDef(this=name, kind=kind)

    def _type(self) -> SqlType:
        token = self._curr
        if self._take("INTERVAL"):
            found = SqlType(this=f"INTERVAL {self._unit()}", expressions=[])
            found.meta["offset"] = token.start
            return found
        if not self._is(*_TYPES):
            self._fail("a type, such as VARCHAR(16) or INTEGER")
        self._advance()
        name = token.text.upper()
        if name == "DOUBLE" and self._take("PRECISION"):
            name = "DOUBLE PRECISION"
        if name in ("CHAR", "CHARACTER") and self._take("VARYING"):
            name += " VARYING"
        sizes = self._wrapped(self._whole_number) if self._at(TokenType.L_PAREN) else []
        found = SqlType(this=name, expressions=sizes)
        found.meta["offset"] = token.start
        return found

    def _whole_number(self) -> exp.Literal:
        if not self._at(TokenType.NUMBER) or not self._curr.text.isdigit():
            # A placeholder may stand for a number.
            if self._at(TokenType.VAR) and unmasked(self._curr.text).startswith("${"):
                self._advance()
                return _number(self._prev)
            self._fail("a whole number")
        self._advance()
        return _number(self._prev)

    def _create_pump(self, replace: bool) -> CreatePump:
        name = self._relation("the name of the pump")
        state = self._take("STARTED", "STOPPED") or None
        description = self._string("a text") if self._take("DESCRIPTION") else None
        self._need("AS")
        if not self._at(TokenType.INSERT):
            self._fail("INSERT INTO")
        return CreatePump(this=name, replace=replace, state=state, description=description, insert=self._insert())

    def _insert(self) -> exp.Insert:
        self._need("INSERT")
        self._need("INTO")
        target: exp.Expr = self._relation("the name of a stream")
        if self._at(TokenType.L_PAREN) and self._next.token_type != TokenType.SELECT:
            columns = self._wrapped(lambda: self._identifier("the name of a column"))
            target = exp.Schema(this=target, expressions=columns)
        return exp.Insert(this=target, expression=self._query())

    # ---- queries

    def _query(self) -> exp.Expr:
        left = self._query_term()
        while self._at(TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT):
            kind = {"UNION": exp.Union, "EXCEPT": exp.Except, "INTERSECT": exp.Intersect}[self._word()]
            start = self._curr.start
            self._advance()
            is_all = bool(self._take("ALL"))
            if not is_all:
                self._take("DISTINCT")
            left = kind(this=left, expression=self._query_term(), distinct=not is_all)
            left.meta["offset"] = start
        return left

    def _query_term(self) -> exp.Expr:
        if self._at(TokenType.L_PAREN):
            self._open()
            inner = self._query()
            self._close()
            return exp.Subquery(this=inner)
        if self._at(TokenType.VALUES):
            return self._values()
        return self._select()

    def _values(self) -> exp.Values:
        offset = self._curr.start
        self._need("VALUES")
        values = exp.Values(expressions=self._list(lambda: exp.Tuple(expressions=self._wrapped(self._value))))
        values.meta["offset"] = offset
        return values

    def _select(self) -> exp.Select:
        start = self._curr
        self._need("SELECT")
        is_stream = self._is("STREAM") and self._next.token_type not in (
            *(TokenType.COMMA, TokenType.FROM, TokenType.DOT, TokenType.ALIAS),
        )
        if is_stream:
            self._advance()
        distinct = bool(self._take("DISTINCT"))
        if not distinct:
            self._take("ALL")
        select = exp.Select(
            hint=exp.Hint(expressions=[]) if is_stream else None,
            distinct=exp.Distinct() if distinct else None,
            expressions=self._list(self._projection),
        )
        select.meta["offset"] = start.start
        if not self._take("FROM"):
            self._fail("FROM, a comma or an operator")
        select.set("from_", exp.From(this=self._relation_with_joins(select)))
        self._clauses(select)
        return select

    def _projection(self) -> exp.Expr:
        if self._at(TokenType.STAR):
            self._advance()
            return exp.Star().update_positions(self._prev)
        value = self._value()
        if self._take("AS"):
            return exp.Alias(this=value, alias=self._identifier("a name after AS"))
        if self._is_alias():
            return exp.Alias(this=value, alias=self._identifier("a name"))
        return value

    def _is_alias(self) -> bool:
        """Whether a name without AS follows, apart from what is before it."""
        if not self._at(*_NAMES) or self._is(*_CLAUSES) or self._is_natural():
            return False
        if self._prev.end + 1 == self._curr.start and self._at(TokenType.VAR):
            self._fail("a space or a comma")
        return True

    def _is_natural(self) -> bool:
        return self._is("NATURAL") and self._next.text.upper() in _JOINS

    def _relation_with_joins(self, select: exp.Select) -> exp.Expr:
        """The first relation of FROM; those that are joined to it go into the select."""
        first = self._from_item()
        while True:
            start = self._curr
            if self._take(","):
                join = exp.Join(this=self._from_item())
            else:
                natural = "NATURAL" if self._is_natural() and self._take("NATURAL") else None
                side, kind = self._take("LEFT", "RIGHT", "FULL"), self._take("OUTER", "INNER", "CROSS")
                if side or kind:
                    self._need("JOIN")
                elif not self._take("JOIN"):
                    return first
                join = exp.Join(this=self._from_item(), side=side or None, kind=kind or None, method=natural)
                if natural:
                    pass
                elif self._take("ON"):
                    join.set("on", self._value())
                elif self._take("USING"):
                    join.set("using", self._wrapped(lambda: self._identifier("the name of a column")))
                elif kind != "CROSS":
                    self._fail("ON with the join's condition")
            join.meta["offset"] = start.start
            select.append("joins", join)

    def _from_item(self) -> exp.Expr:
        item: exp.Expr
        start = self._curr
        if self._at(TokenType.L_PAREN):
            self._open()
            item = exp.Subquery(this=self._query())
            self._close()
        elif self._take("TABLE"):
            self._open()
            function = self._curr
            if function.token_type != TokenType.VAR or self._next.token_type != TokenType.L_PAREN:
                self._fail("a function, such as RANDOM_CUT_FOREST(CURSOR(SELECT ..))")
            item = exp.Table(this=self._call())
            self._close()
        elif self._is("STREAM") and self._next.token_type == TokenType.L_PAREN:
            self._fail("the name of a stream")
        else:
            item = self._relation("the name of a stream or table, ( or TABLE(")
        item.meta["offset"] = start.start
        if self._over(item):
            self._alias(item)
        elif self._alias(item) and self._over(item):
            item.meta["alias_first"] = True
        return item

    def _over(self, item: exp.Expr) -> bool:
        if not self._take("OVER"):
            return False
        if self._at(TokenType.L_PAREN):
            item.set("over", self._window_in_parentheses())
        else:
            item.set("over", self._identifier("( or the name of a window"))
        return True

    def _alias(self, item: exp.Expr) -> bool:
        if not self._take("AS") and not self._is_alias():
            return False
        name = self._identifier("a name after AS")
        columns = None
        if self._at(TokenType.L_PAREN):
            columns = self._wrapped(lambda: self._identifier("the name of a column"))
        item.set("alias", exp.TableAlias(this=name, columns=columns))
        return True

    def _clauses(self, select: exp.Select) -> None:
        if self._take("WHERE"):
            select.set("where", exp.Where(this=self._value()))
        if self._take("GROUP BY"):
            select.set("group", exp.Group(expressions=self._list(self._value)))
        if self._is("WINDOWED"):
            select.set("windowed_by", self._stagger())
        if self._take("HAVING"):
            select.set("having", exp.Having(this=self._value()))
        if self._take("WINDOW"):
            select.set("windows", self._list(self._named_window))
        if self._at(TokenType.ORDER_BY):
            select.set("order", self._order())

    def _order(self) -> exp.Order:
        offset = self._curr.start
        self._need("ORDER BY")
        order = exp.Order(expressions=self._list(self._ordered))
        order.meta["offset"] = offset
        return order

    def _ordered(self) -> exp.Ordered:
        value = self._value()
        direction = self._take("ASC", "DESC")
        desc = None if not direction else direction == "DESC"
        if self._is("WITHIN"):  # T-sorting: rows that come late are put in their order
            self._advance()
            sorted_ = exp.Ordered(this=value, desc=desc, nulls_first=not desc)
            sorted_.set("within", self._interval())
            return sorted_
        return exp.Ordered(this=value, desc=desc, nulls_first=not desc)

    def _stagger(self) -> Stagger:
        offset = self._curr.start
        self._need("WINDOWED")
        self._need("BY")
        self._need("STAGGER")
        self._open()
        keys = self._list(self._value) if self._take("PARTITION BY") else None
        self._need("RANGE")
        length = self._interval()
        side = " PRECEDING" if self._take("PRECEDING") else ""
        self._close()
        found = Stagger(partition_by=keys, range=length, side=side)
        found.meta["offset"] = offset
        return found

    # ---- windows

    def _named_window(self) -> exp.Window:
        name = self._identifier("the name of a window")
        self._need("AS")
        window = self._window_in_parentheses()
        window.set("this", name)
        return window

    def _window_in_parentheses(self) -> exp.Window:
        offset = self._curr.start
        self._open()
        name = self._identifier("a name") if self._at(*_NAMES) else None
        keys = self._list(self._value) if self._take("PARTITION BY") else []
        order = self._order() if self._at(TokenType.ORDER_BY) else None
        kind = self._take("ROWS", "RANGE")
        spec = self._frame(kind) if kind else None
        if not self._take(")"):
            self._fail(") or RANGE or ROWS" if spec is None else ")")
        window = exp.Window(partition_by=keys, order=order, spec=spec, alias=name)
        window.meta["offset"] = offset
        return window

    def _frame(self, kind: str) -> exp.WindowSpec:
        if self._take("BETWEEN"):
            start, start_side = self._bound()
            self._need("AND")
            end, end_side = self._bound()
            return exp.WindowSpec(kind=kind, start=start, start_side=start_side, end=end, end_side=end_side)
        start, start_side = self._bound()
        return exp.WindowSpec(kind=kind, start=start, start_side=start_side)

    def _bound(self) -> tuple[Any, str | None]:
        if self._take("CURRENT"):
            self._need("ROW")
            return "CURRENT ROW", None
        start = self._take("UNBOUNDED") or self._sum()
        return start, self._need("PRECEDING", "FOLLOWING")

    # ---- values, from OR down to names

    def _value(self) -> exp.Expr:
        left = self._conjunction()
        while self._take("OR"):
            left = exp.Or(this=left, expression=self._conjunction())
        return left

    def _conjunction(self) -> exp.Expr:
        left = self._negation()
        while self._take("AND"):
            left = exp.And(this=left, expression=self._negation())
        return left

    def _negation(self) -> exp.Expr:
        if self._take("NOT"):
            return exp.Not(this=self._negation())
        return self._comparison()

    def _comparison(self) -> exp.Expr:
        left = self._sum()
        while True:
            if self._at(*_COMPARISONS):
                kind = _COMPARISONS[self._curr.token_type]
                self._advance()
                left = kind(this=left, expression=self._sum())
            elif self._take("IS"):
                left = self._is_what(left, negated=bool(self._take("NOT")))
            elif self._at(TokenType.NOT) or self._is("LIKE", "SIMILAR TO", "IN", "BETWEEN"):
                negated = bool(self._take("NOT"))
                if negated and not self._is("LIKE", "SIMILAR TO", "IN", "BETWEEN"):
                    self._fail("LIKE, SIMILAR TO, IN or BETWEEN after NOT")
                left = _negated(self._range(left), negated=negated)
            else:
                return left

    def _is_what(self, left: exp.Expr, *, negated: bool) -> exp.Expr:
        word = self._need("NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT")
        if word == "DISTINCT":
            self._need("FROM")
            return (exp.NullSafeEQ if negated else exp.NullSafeNEQ)(this=left, expression=self._sum())
        what = exp.Var(this=word) if word in ("NULL", "UNKNOWN") else exp.Boolean(this=word == "TRUE")
        return _negated(exp.Is(this=left, expression=exp.Null() if word == "NULL" else what), negated=negated)

    def _range(self, left: exp.Expr) -> exp.Expr:
        if self._take("BETWEEN"):
            low = self._sum()
            self._need("AND")
            return exp.Between(this=left, low=low, high=self._sum())
        if self._take("IN"):
            if self._next.token_type == TokenType.SELECT:
                self._open()
                query = exp.Subquery(this=self._query())
                self._close()
                return exp.In(this=left, query=query)
            return exp.In(this=left, expressions=self._wrapped(self._value))
        kind = exp.Like if self._need("LIKE", "SIMILAR TO") == "LIKE" else exp.SimilarTo
        pattern = self._sum()
        escape = self._string("a text after ESCAPE") if self._take("ESCAPE") else None
        return kind(this=left, expression=pattern, escape=escape)

    def _binary(self, kinds: dict[TokenType, type[exp.Binary]], read: Callable[[], exp.Expr]) -> exp.Expr:
        left = read()
        while self._at(*kinds):
            kind = kinds[self._curr.token_type]
            self._advance()
            left = kind(this=left, expression=read())
        return left

    def _sum(self) -> exp.Expr:
        return self._binary(_TERMS, lambda: self._binary(_FACTORS, self._signed))

    def _signed(self) -> exp.Expr:
        if sign := self._take("-", "+"):
            return (exp.Neg if sign == "-" else Plus)(this=self._signed())
        found = self._primary()
        while self._at(TokenType.DOT):  # a field of a row: r.COLUMN1, and of a function's result
            self._advance()
            found = exp.Dot(this=found, expression=self._identifier("the name of a field"))
        return found

    def _primary(self) -> exp.Expr:
        return self._literal() or self._composed() or self._named()

    def _literal(self) -> exp.Expr | None:
        token = self._curr
        found: exp.Expr
        if self._at(TokenType.STRING, TokenType.NUMBER):
            self._advance()
            found = exp.Literal(this=token.text, is_string=token.token_type == TokenType.STRING)
        elif self._at(TokenType.DOT) and self._next.token_type == TokenType.NUMBER:
            self._advance()
            self._advance()
            found = exp.Literal(this=f".{self._prev.text}", is_string=False)
        elif word := self._take("NULL", "TRUE", "FALSE"):
            found = exp.Null() if word == "NULL" else exp.Boolean(this=word == "TRUE")
        else:
            return None
        return found.update_positions(token)

    def _composed(self) -> exp.Expr | None:
        """What begins with a keyword or a parenthesis."""
        if self._at(TokenType.INTERVAL):
            return self._interval()
        if self._at(TokenType.CASE):
            return self._case()
        if self._at(TokenType.L_PAREN):
            return self._parentheses()
        if self._take("EXISTS"):
            self._open()
            query = self._query()
            self._close()
            return exp.Exists(this=query)
        return None

    def _named(self) -> exp.Expr:
        """What begins with a name: a function, a time in quotes, a column."""
        token = self._curr
        if self._is(*_TIMES) and self._next.token_type == TokenType.STRING:
            self._advance()
            typed = TypedLiteral(kind=token.text.upper(), this=self._string("a time"))
            typed.meta["offset"] = token.start
            return typed
        if self._at(TokenType.NATIONAL_STRING):
            self._advance()
            typed = TypedLiteral(kind="N", this=exp.Literal.string(token.text))
            typed.meta["offset"] = token.start
            return typed
        if prefix := self._prefix():
            typed = TypedLiteral(kind=prefix, this=self._string("a text"))
            typed.meta["offset"] = token.start
            return typed
        if token.token_type == TokenType.VAR and self._next.token_type == TokenType.L_PAREN:
            return self._windowed(self._call())
        if not self._at(*_NAMES):
            self._fail("a value")
        return self._column()

    def _prefix(self) -> str:
        """Take what stands before a text without a space: U&, X, a character set; "" without it."""
        first, second = self._curr, self._next
        if first.token_type != TokenType.VAR or first.end + 1 != second.start:
            return ""
        if second.token_type == TokenType.STRING:
            self._advance()
            return first.text
        third = self._tokens[self._index + 2 : self._index + 3]
        if (
            second.text == "&"
            and third
            and third[0].token_type == TokenType.STRING
            and second.end + 1 == third[0].start
        ):
            self._advance()
            self._advance()
            return f"{first.text}&"
        return ""

    def _column(self) -> exp.Expr:
        parts: list[exp.Expr] = [self._identifier("a name")]
        while self._at(TokenType.DOT) and len(parts) < 3:
            self._advance()
            if self._at(TokenType.STAR):
                self._advance()
                parts.append(exp.Star().update_positions(self._prev))
                break
            parts.append(self._identifier("the name of a column"))
        return exp.Column(**dict(zip(("this", "table", "db"), reversed(parts), strict=False)))

    def _parentheses(self) -> exp.Expr:
        start = self._curr.start
        self._open()
        if self._at(TokenType.SELECT):
            query = exp.Subquery(this=self._query())
            self._close()
            query.meta["offset"] = start
            return query
        values = self._list(self._value)
        self._close()
        found: exp.Expr = exp.Paren(this=values[0]) if len(values) == 1 else exp.Tuple(expressions=values)
        if isinstance(found, exp.Paren) and self._is(*UNITS):
            found = IntervalOf(this=found, unit=self._unit())
        found.meta["offset"] = start
        return found

    def _interval(self) -> exp.Interval:
        offset = self._curr.start
        self._need("INTERVAL")
        if self._at(TokenType.STRING):
            this: exp.Expr = self._string("a text")
        elif self._at(TokenType.VAR) and unmasked(self._curr.text).startswith("${"):
            this = self._column()
        else:
            self._fail("a length in quotes, such as INTERVAL '1' MINUTE")
        interval = exp.Interval(this=this, unit=exp.Var(this=self._unit()))
        interval.meta["offset"] = offset
        return interval

    def _unit(self) -> str:
        """MINUTE, SECOND(3), DAY TO SECOND, as a text."""
        first = self._curr.text.upper()
        unit = self._one_unit()
        # In FLOOR((a - b) MINUTE TO MINUTE) the second one is FLOOR's: a range of units ends with a smaller one.
        last = self._next.text.upper()
        is_range = self._is("TO") and last in UNITS and UNITS.index(last) > UNITS.index(first)
        return f"{unit} {self._need('TO')} {self._one_unit()}" if is_range else unit

    def _one_unit(self) -> str:
        unit = self._take(*UNITS)
        if not unit:
            self._fail(f"a unit: {', '.join(UNITS[:-1])} or {UNITS[-1]}")
        if self._at(TokenType.L_PAREN) and self._next.token_type == TokenType.NUMBER:
            sizes = self._wrapped(self._whole_number)
            unit += f"({', '.join(size.name for size in sizes)})"
        return unit

    def _case(self) -> exp.Case:
        offset = self._curr.start
        self._need("CASE")
        subject = None if self._at(TokenType.WHEN) else self._value()
        branches = []
        while self._take("WHEN"):
            condition = self._value()
            self._need("THEN")
            branches.append(exp.If(this=condition, true=self._value()))
        if not branches:
            self._fail("WHEN")
        default = self._value() if self._take("ELSE") else None
        if not self._take("END"):
            self._fail("WHEN, ELSE or END of the CASE")
        case = exp.Case(this=subject, ifs=branches, default=default)
        case.meta["offset"] = offset
        return case

    # ---- functions

    def _call(self) -> exp.Expr:
        """A function with its arguments; the next token is its name."""
        token = self._curr
        self._require_name(token, "the name of a function")
        self._advance()
        self._open()
        name = token.text.upper()
        special: dict[str, Callable[[], exp.Expr]] = {
            "CAST": self._cast,
            "STEP": self._step,
            "FLOOR": lambda: self._floor(name),
            "CEIL": lambda: self._floor(name),
            "CEILING": lambda: self._floor(name),
            "CURSOR": lambda: Cursor(this=self._query()),
            "EXTRACT": lambda: self._with_words(name, ("FROM",), first=(*UNITS, "WEEK", "QUARTER", "DOY", "DOW")),
            "POSITION": lambda: self._with_words(name, ("IN", "FROM")),
            "SUBSTRING": lambda: self._with_words(name, ("FROM", "FOR")),
            "OVERLAY": lambda: self._with_words(name, ("PLACING", "FROM", "FOR")),
            "TRIM": lambda: self._with_words(name, ("FROM",), first=("BOTH", "LEADING", "TRAILING")),
        }
        found = special[name]() if name in special else self._arguments(token.text)
        self._close()
        found.meta["offset"] = token.start
        return found

    def _arguments(self, name: str) -> exp.Anonymous:
        arguments: list[exp.Expr] = []
        if self._at(TokenType.STAR):
            self._advance()
            arguments = [exp.Star().update_positions(self._prev)]
        elif self._take("DISTINCT"):
            arguments = [exp.Distinct(expressions=self._list(self._value))]
        elif not self._at(TokenType.R_PAREN):
            self._take("ALL")
            arguments = self._list(self._value)
        return exp.Anonymous(this=name, expressions=arguments)

    def _cast(self) -> exp.Cast:
        value = self._value()
        self._need("AS")
        return exp.Cast(this=value, to=self._type())

    def _step(self) -> Step:
        value = self._sum()
        self._need("BY")
        return Step(this=value, by=self._interval() if self._at(TokenType.INTERVAL) else self._whole_number())

    def _floor(self, name: str) -> exp.Expr:
        value = self._value()
        if self._take("TO"):
            unit = self._take(*_FLOOR_UNITS) or self._fail(f"a unit: {', '.join(_FLOOR_UNITS)}")
            return FloorTo(this=value, unit=unit, name=name)
        values = [value]
        while self._take(","):
            values.append(self._value())
        return exp.Anonymous(this=name, expressions=values)

    def _with_words(self, name: str, words: Collection[str], first: Collection[str] = ()) -> exp.Expr:
        """Arguments that are separated by words; by commas they are those of any function."""
        parts: list[Any] = []
        if word := self._take(*first):
            parts.append(word)
        elif name == "EXTRACT":
            self._fail(f"a unit: {', '.join(first)}")
        if not (word or name == "TRIM") or not self._is(*words):
            parts.append(self._sum())
        if self._at(TokenType.COMMA) and len(parts) == 1:
            values = parts
            while self._take(","):
                values.append(self._value())
            return exp.Anonymous(this=name, expressions=values)
        while word := self._take(*words):
            parts += [word, self._sum()]
        if len(parts) == 1 and name in ("TRIM", "SUBSTRING", "OVERLAY"):
            return exp.Anonymous(this=name, expressions=parts)
        if len(parts) < 2:
            self._fail(" or ".join(words))
        return Words(this=name, parts=parts)

    def _windowed(self, function: exp.Expr) -> exp.Expr:
        """A function with OVER behind it, or as it is."""
        if nulls := self._take("IGNORE", "RESPECT"):
            self._need("NULLS")
            offset = function.meta["offset"]
            function = (exp.IgnoreNulls if nulls == "IGNORE" else exp.RespectNulls)(this=function)
            function.meta["offset"] = offset
            if not self._at(TokenType.OVER):
                self._fail("OVER")
        if not self._take("OVER"):
            return function
        if self._at(TokenType.L_PAREN):
            window = self._window_in_parentheses()
        else:
            window = exp.Window(alias=self._identifier("( or the name of a window"))
        window.set("this", function)
        window.set("over", "OVER")
        window.meta["offset"] = function.meta["offset"]
        return window


def _negated(predicate: exp.Expr, *, negated: bool) -> exp.Expr:
    """A NOT LIKE B, as NOT of A LIKE B that is printed as it was written."""
    if not negated:
        return predicate
    found = exp.Not(this=predicate)
    found.meta["infix"] = True
    return found


def _number(token: Token) -> exp.Literal:
    return exp.Literal(this=unmasked(token.text), is_string=False).update_positions(token)
