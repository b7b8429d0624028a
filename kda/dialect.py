"""KDA's dialect of SQL (SQLstream's) on sqlglot: tokens, tree and printing; the grammar is in `kda.grammar`.

Every function but those with words in their parentheses stays an `exp.Anonymous` with its name as written, so that no
release of sqlglot begins to rewrite one. Printing gives the tokens of the source again: the reader compares them, and
refuses what was not understood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp, generator, tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.tokenizer_core import TokenType

from kda import grammar
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

# Words that end a name's clause or begin another. All other words are names or functions, also those that sqlglot
# gives a meaning in other dialects.
_KEYWORDS = {
    "ALL": TokenType.ALL,
    "AND": TokenType.AND,
    "AS": TokenType.ALIAS,
    "BETWEEN": TokenType.BETWEEN,
    "CASE": TokenType.CASE,
    "CREATE": TokenType.CREATE,
    "CROSS": TokenType.CROSS,
    "DISTINCT": TokenType.DISTINCT,
    "ELSE": TokenType.ELSE,
    "END": TokenType.END,
    "ESCAPE": TokenType.ESCAPE,
    "EXCEPT": TokenType.EXCEPT,
    "EXISTS": TokenType.EXISTS,
    "FALSE": TokenType.FALSE,
    "FROM": TokenType.FROM,
    "FULL": TokenType.FULL,
    "GROUP BY": TokenType.GROUP_BY,
    "HAVING": TokenType.HAVING,
    "IN": TokenType.IN,
    "INNER": TokenType.INNER,
    "INSERT": TokenType.INSERT,
    "INTERSECT": TokenType.INTERSECT,
    "INTERVAL": TokenType.INTERVAL,
    "INTO": TokenType.INTO,
    "IS": TokenType.IS,
    "JOIN": TokenType.JOIN,
    "LEFT": TokenType.LEFT,
    "LIKE": TokenType.LIKE,
    "NOT": TokenType.NOT,
    "NULL": TokenType.NULL,
    "ON": TokenType.ON,
    "OR": TokenType.OR,
    "ORDER BY": TokenType.ORDER_BY,
    "OUTER": TokenType.OUTER,
    "OVER": TokenType.OVER,
    "PARTITION BY": TokenType.PARTITION_BY,
    "RANGE": TokenType.RANGE,
    "RIGHT": TokenType.RIGHT,
    "ROWS": TokenType.ROWS,
    "SELECT": TokenType.SELECT,
    "SIMILAR TO": TokenType.SIMILAR_TO,
    "TABLE": TokenType.TABLE,
    "THEN": TokenType.THEN,
    "TRUE": TokenType.TRUE,
    "UNION": TokenType.UNION,
    "USING": TokenType.USING,
    "VALUES": TokenType.VALUES,
    "WHEN": TokenType.WHEN,
    "WHERE": TokenType.WHERE,
    "WINDOW": TokenType.WINDOW,
    "||": TokenType.DPIPE,
    "<=": TokenType.LTE,
    ">=": TokenType.GTE,
    "<>": TokenType.NEQ,
    "!=": TokenType.NEQ,
}


def _listed(printer: generator.Generator, parts: list[exp.Expr]) -> str:
    return ", ".join(printer.sql(part) for part in parts)


def _create(printer: generator.Generator, kind: str, node: exp.Expr) -> str:
    replace = "OR REPLACE " if node.args.get("replace") else ""
    state = f" {node.args['state']}" if node.args.get("state") else ""
    description = node.args.get("description")
    said = f" DESCRIPTION {printer.sql(description)}" if description else ""
    return f"CREATE {replace}{kind} {printer.sql(node, 'this')}{state}{said}"


def _create_stream(printer: generator.Generator, node: CreateStream) -> str:
    query = f" AS {printer.sql(node, 'query')}" if node.args.get("query") else ""
    return f"{_create(printer, 'STREAM', node)}{query}"


def _create_pump(printer: generator.Generator, node: CreatePump) -> str:
    return f"{_create(printer, 'PUMP', node)} AS {printer.sql(node, 'insert')}"


def _words(printer: generator.Generator, node: Words) -> str:
    """A function with words between its arguments: SUBSTRING(a FROM 1 FOR 2)."""
    parts = [part if isinstance(part, str) else printer.sql(part) for part in node.args["parts"]]
    return f"{node.name}({' '.join(parts)})"


def _stagger(printer: generator.Generator, node: Stagger) -> str:
    keys = f"PARTITION BY {_listed(printer, node.args['partition_by'])} " if node.args.get("partition_by") else ""
    return f" WINDOWED BY STAGGER ({keys}RANGE {printer.sql(node, 'range')}{node.args['side']})"


def _having(printer: generator.Generator, node: exp.Having) -> str:
    """HAVING, behind WINDOWED BY."""
    windowed = printer.sql(node.parent, "windowed_by") if node.parent is not None else ""
    return f"{windowed} HAVING {printer.sql(node, 'this')}"


def _type(printer: generator.Generator, node: SqlType) -> str:
    size = f"({_listed(printer, node.expressions)})" if node.expressions else ""
    return f"{node.name}{size}"


_INFIX: dict[type[exp.Expr], str] = {exp.Like: "LIKE", exp.SimilarTo: "SIMILAR TO"}


class KDA(Dialect):
    """The dialect; `kda.program.parsed` is the way to use it."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    STRICT_STRING_CONCAT = True

    class Tokenizer(tokens.Tokenizer):
        """Few keywords; names in double quotes; comments are taken out before (kda.scanner)."""

        IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ['"']
        KEYWORDS: ClassVar[dict[str, TokenType]] = _KEYWORDS
        COMMANDS: ClassVar[set[TokenType]] = set()
        NESTED_COMMENTS = False
        # Characters that no SQL of KDA has are words, so that the grammar says where they stand.
        VAR_SINGLE_TOKENS: ClassVar[set[str]] = {"$", "@", "#"}

    Parser = grammar.Grammar

    class Generator(generator.Generator):
        """Prints a tree as it was written, but for what does not matter: case, white space, optional AS."""

        TRANSFORMS: ClassVar[dict[type[exp.Expr], Callable[..., str]]] = {
            **generator.Generator.TRANSFORMS,
            AlterPump: lambda self, node: f"ALTER PUMP {self.sql(node, 'this')} {node.args['state']}",
            CreateStream: _create_stream,
            CreatePump: _create_pump,
            Cursor: lambda self, node: f"CURSOR({self.sql(node, 'this')})",
            FloorTo: lambda self, node: f"{node.args['name']}({self.sql(node, 'this')} TO {node.args['unit']})",
            IntervalOf: lambda self, node: f"{self.sql(node, 'this')} {node.args['unit']}",
            Other: lambda _self, node: node.args["text"],
            Plus: lambda self, node: f"+{self.sql(node, 'this')}",
            SqlType: _type,
            Stagger: _stagger,
            Step: lambda self, node: f"STEP({self.sql(node, 'this')} BY {self.sql(node, 'by')})",
            # U&'..' and N'..' have no space between.
            TypedLiteral: lambda self, node: f"{node.args['kind']}{' ' * node.is_time}{self.sql(node, 'this')}",
            Words: _words,
            exp.Anonymous: lambda self, node: f"{node.this}({_listed(self, node.expressions)})",
            exp.Between: lambda self, node: self.predicate(node),
            exp.Cast: lambda self, node: f"CAST({self.sql(node, 'this')} AS {self.sql(node, 'to')})",
            exp.Div: lambda self, node: self.binary(node, "/"),
            exp.DPipe: lambda self, node: self.binary(node, "||"),
            exp.Having: _having,
            exp.In: lambda self, node: self.predicate(node),
            exp.Interval: lambda self, node: f"INTERVAL {self.sql(node, 'this')} {node.args['unit'].name}",
            exp.Is: lambda self, node: self.predicate(node),
            exp.Like: lambda self, node: self.predicate(node),
            exp.Not: lambda self, node: self.negated(node),
            exp.SimilarTo: lambda self, node: self.predicate(node),
            exp.Table: lambda self, node: self.table(node),
            exp.Subquery: lambda self, node: self.derived(node),
            exp.Values: lambda self, node: f"VALUES {_listed(self, node.expressions)}",
            exp.WindowSpec: lambda self, node: self.frame(node),
        }

        AFTER_HAVING_MODIFIER_TRANSFORMS: ClassVar[dict[str, Callable[..., str]]] = {
            "windowed_by": lambda self, node: "" if node.args.get("having") else self.sql(node, "windowed_by"),
            **generator.Generator.AFTER_HAVING_MODIFIER_TRANSFORMS,
        }

        def predicate(self, node: exp.Expr, negation: str = "") -> str:
            """A LIKE B, A BETWEEN B AND C, A IN (B); negated: A NOT LIKE B, A IS NOT B."""
            left = self.sql(node, "this")
            if isinstance(node, exp.Between):
                return f"{left} {negation}BETWEEN {self.sql(node, 'low')} AND {self.sql(node, 'high')}"
            if isinstance(node, exp.In):
                query = node.args.get("query")
                return f"{left} {negation}IN {self.sql(query) if query else f'({_listed(self, node.expressions)})'}"
            if isinstance(node, exp.Is):
                return f"{left} IS {negation}{self.sql(node, 'expression')}"
            escape = node.args.get("escape")
            after = f" ESCAPE {self.sql(escape)}" if escape else ""
            return f"{left} {negation}{_INFIX[type(node)]} {self.sql(node, 'expression')}{after}"

        def negated(self, node: exp.Not) -> str:
            """NOT a, or the negated form of a predicate."""
            if node.meta.get("infix"):
                return self.predicate(node.this, "NOT ")
            return f"NOT {self.sql(node, 'this')}"

        def frame(self, node: exp.WindowSpec) -> str:
            """ROWS 2 PRECEDING, or RANGE BETWEEN .. AND .. with an explicit end."""
            bounds = [
                " ".join(filter(None, (self.sql(node, end), node.args.get(f"{end}_side")))) for end in ("start", "end")
            ]
            if not node.args.get("end"):
                return f"{node.args['kind']} {bounds[0]}"
            return f"{node.args['kind']} BETWEEN {bounds[0]} AND {bounds[1]}"

        def over(self, node: exp.Expr) -> str:
            """A relation's OVER: a name, or a window in parentheses."""
            over = node.args.get("over")
            if over is None:
                return ""
            return f" OVER {self.sql(over)}" if isinstance(over, exp.Identifier) else self.window_sql(over)

        def table(self, node: exp.Table) -> str:
            """A stream or table, TABLE(function), their windows and aliases."""
            function = isinstance(node.this, exp.Func)
            name = f"TABLE({self.sql(node, 'this')})" if function else self.table_parts(node)
            return f"{name}{self.alias_and_over(node)}"

        def derived(self, node: exp.Subquery) -> str:
            """A query in parentheses."""
            return f"({self.sql(node, 'this')}){self.alias_and_over(node)}"

        def alias_and_over(self, node: exp.Expr) -> str:
            """What stands behind a relation."""
            alias = f" AS {self.sql(node, 'alias')}" if node.args.get("alias") else ""
            return alias + self.over(node) if node.meta.get("alias_first") else self.over(node) + alias

        def ordered_sql(self, node: exp.Ordered) -> str:
            """An expression of ORDER BY; with WITHIN, that of T-sorting."""
            within = f" WITHIN {self.sql(node, 'within')}" if node.args.get("within") else ""
            return super().ordered_sql(node) + within

        def hint_sql(self, _node: exp.Hint) -> str:
            """STREAM stands where other dialects have hints."""
            return " STREAM"


def printed(node: exp.Expr) -> str:
    """The SQL of a tree, in KDA's dialect."""
    return KDA.Generator(dialect=KDA, comments=False).generate(node, copy=False)


def tokenized(text: str) -> list[Any]:
    """The tokens of an SQL text. Raises sqlglot.errors.TokenError."""
    return KDA().tokenize(text)
