"""What an application's SQL declares and does: its streams and pumps, with their trees and comments."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from kda.dialect import KDA, printed, tokenized
from kda.grammar import Unexpected
from kda.nodes import AlterPump, CreatePump, CreateStream, Other, SqlType
from kda.places import Code
from kda.scanner import PLACEHOLDER, Comment, Scanned, scan

_DEPTH = 5000  # calls within calls; what is still safe for the stack of a thread
_SET_OPERATIONS = (TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT)


@dataclass(frozen=True)
class Statement:
    """A statement. offset: its begin in the code; comments: those before and in it, in their order."""

    tree: exp.Expr
    offset: int
    comments: tuple[Comment, ...]

    @property
    def leading(self) -> tuple[Comment, ...]:
        """The comments before it."""
        return tuple(comment for comment in self.comments if comment.offset < self.offset)


@dataclass(frozen=True)
class Stream:
    """An in-application stream. columns: names and types, () if `query` has them."""

    name: str
    columns: tuple[tuple[str, SqlType], ...]
    query: exp.Expr | None
    statement: Statement


@dataclass(frozen=True)
class Pump:
    """A pump. target: the stream that it writes; columns: those that its INSERT names, None for all."""

    name: str
    target: str
    columns: tuple[str, ...] | None
    query: exp.Expr
    statement: Statement

    @property
    def selects(self) -> Iterator[exp.Select]:
        """Its SELECTs, the outermost first."""
        return self.query.find_all(exp.Select)


@dataclass(frozen=True)
class Program:
    """An SQL text that was understood.

    placeholders: index and text of what a template will put in; swallowing: comments that hold a statement.
    """

    code: Code
    statements: tuple[Statement, ...]
    placeholders: tuple[tuple[int, str], ...]
    swallowing: tuple[Comment, ...] = ()

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """The streams by name; of two of one name the last, as CREATE OR REPLACE has it."""
        return {
            stream.name: stream
            for statement in self.statements
            if isinstance(statement.tree, CreateStream) and (stream := _stream(statement, statement.tree))
        }

    @cached_property
    def pumps(self) -> tuple[Pump, ...]:
        """The pumps, of two of one name the last; a stream that is a query has a pump of the stream's name."""
        found: dict[str, Pump] = {}
        for statement in self.statements:
            tree = statement.tree
            if isinstance(tree, CreatePump):
                pump = _pump(statement, tree)
                found[pump.name] = pump
            elif isinstance(tree, CreateStream) and tree.args.get("query"):
                stream = _stream(statement, tree)
                columns = tuple(name for name, _type in stream.columns) or None
                found[stream.name] = Pump(stream.name, stream.name, columns, tree.args["query"], statement)
        return tuple(found.values())

    @cached_property
    def others(self) -> tuple[Statement, ...]:
        """The statements that are none of these: DROP, a SELECT on its own."""
        known = (CreateStream, CreatePump, AlterPump)
        return tuple(one for one in self.statements if not isinstance(one.tree, known))

    @cached_property
    def stopped(self) -> dict[str, Statement]:
        """The pumps that are stopped after the last statement, each with the statement that did it."""
        found: dict[str, Statement] = {}
        for statement in self.statements:
            tree = statement.tree
            if isinstance(tree, CreatePump | AlterPump):
                name = canonical(tree.this)
                found.pop(name, None)
                if tree.args.get("state") in ("STOPPED", "STOP"):
                    found[name] = statement
        return found


def canonical(name: exp.Expr) -> str:
    """A name as KDA has it: unquoted in upper case, quoted as it stands. A relation's name is its last part."""
    if isinstance(name, exp.Identifier):
        is_as_it_stands = name.quoted or name.name.startswith("${")
        return name.name if is_as_it_stands else name.name.upper()
    return canonical(name.this) if isinstance(name.this, exp.Expr) else ""


def offset(node: exp.Expr) -> int:
    """Where a node begins in the code."""
    return min((at for at in map(_own_offset, node.walk()) if at is not None), default=0)


def _own_offset(node: exp.Expr) -> int | None:
    found = node.meta.get("offset", node.meta.get("start"))
    return found if isinstance(found, int) else None


def parsed(code: Code) -> Program:
    """The program of an SQL text. Raises Malformed where it does not parse or was not understood."""
    scanned = scan(code)
    if PLACEHOLDER.fullmatch(code.text.strip()):  # the whole SQL is elsewhere
        return Program(code, (), scanned.placeholders)
    swallowing = tuple(comment for comment in scanned.comments if comment.swallows)
    limit = sys.getrecursionlimit()
    # A sum of a hundred terms is as deep as a hundred parentheses when it is printed.
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        tokens = tokenized(scanned.text)
        trees = KDA().parser().statements(tokens, scanned.text)  # type: ignore[attr-defined]
        _require_understood(code, tokens, trees)
    except Unexpected as error:
        raise code.malformed(error.offset, f"{error}{_lost(error, scanned, code)}") from None
    except TokenError as error:
        raise code.malformed(error.start or 0, "expected SQL, found a text that has no end") from None
    except RecursionError:
        raise code.malformed(0, "expected SQL with fewer parentheses within parentheses") from None
    finally:
        sys.setrecursionlimit(limit)
    return Program(code, _with_comments(trees, scanned, code.text), scanned.placeholders, swallowing)


def _lost(error: Unexpected, scanned: Scanned, code: Code) -> str:
    """What is said of a comment in the statement before the error that may have swallowed a part of it; "" of none."""
    begin = scanned.text.rfind(";", 0, error.offset)
    before = [one for one in scanned.comments if begin < one.offset < error.offset and one.has_sql]
    if not before:
        return ""
    place = code.place(before[-1].offset)
    line = f"line {place.line}" if code.has_lines else f"line {place.sql_line} of the SQL"
    return f"; the comment in {line} holds SQL, and a line break may be lost"


def written(program: Program) -> str:
    """The program as SQL again, from its trees: each token of the source, and each comment where it stood."""
    parts = []
    for statement in program.statements:
        source = scan(program.code).text[statement.offset : statement.tree.meta["end"]]
        starts = [statement.offset + token.start for token in essential(tokenized(source))]
        text = printed(statement.tree)
        masked = scan(Code.whole(type(program.code.file)("", text))).text
        positions = [*(token.start for token in essential(tokenized(masked))), len(text)]
        end, out = 0, ""
        for comment in statement.comments:
            at = positions[bisect_left(starts, comment.offset)]
            out += text[end:at] + comment.text + ("\n" if comment.text.startswith("--") else " ")
            end = at
        parts.append(f"{out}{text[end:]}\n;\n")
    return "".join(parts)


def essential(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without those that may be left out: AS before an alias, ALL."""
    found: list[Token] = []
    for token in tokens:
        after_set = bool(found) and found[-1].token_type in _SET_OPERATIONS
        if token.token_type == TokenType.ALIAS or (token.token_type == TokenType.ALL and not after_set):
            continue
        if token.token_type == TokenType.DISTINCT and after_set:
            continue
        found.append(token)
    return found


def same(token: Token) -> tuple[TokenType, str]:
    """What two tokens must have in common to be the same: names in quotes and texts exactly, others in any case."""
    if token.token_type == TokenType.NEQ:
        return token.token_type, "<>"
    is_exact = token.token_type in (TokenType.IDENTIFIER, TokenType.STRING)
    return token.token_type, token.text if is_exact else token.text.upper()


def _require_understood(code: Code, tokens: Sequence[Token], trees: Sequence[exp.Expr]) -> None:
    """Raise Malformed unless the trees, printed, have the tokens of the source: so nothing is lost or guessed."""
    text = ";\n".join(map(printed, trees))
    again = essential(tokenized(scan(Code.whole(type(code.file)("", text))).text))
    again = [token for token in again if token.token_type != TokenType.SEMICOLON]
    source = [token for token in essential(tokens) if token.token_type != TokenType.SEMICOLON]
    for number, token in enumerate(source):
        if number >= len(again) or same(token) != same(again[number]):
            raise code.malformed(token.start, f"this part of the statement is not understood: {token.text}")
    if len(again) > len(source):
        raise code.malformed(len(code.text), "the statement's end is not understood")


def _with_comments(trees: Sequence[exp.Expr], scanned: Scanned, text: str) -> tuple[Statement, ...]:
    """Each statement with the comments from the one before; one behind a semicolon in its line belongs to that line."""
    statements, rest = [], list(scanned.comments)
    for number, tree in enumerate(trees):
        if number == len(trees) - 1:
            end = len(text) + 1
        else:
            end = tree.meta["end"]
            semicolon = text.find(";", end)
            line_end = text.find("\n", semicolon)
            following = trees[number + 1].meta["start"]
            if 0 <= line_end < following:
                end = line_end
        own = [comment for comment in rest if comment.offset < end]
        rest = rest[len(own) :]
        statements.append(Statement(tree, tree.meta["start"], tuple(own)))
    return tuple(statements)


def _stream(statement: Statement, tree: CreateStream) -> Stream:
    schema = tree.this
    columns = schema.expressions if isinstance(schema, exp.Schema) else []
    return Stream(
        name=canonical(schema),
        columns=tuple((canonical(column.this), column.args["kind"]) for column in columns),
        query=tree.args.get("query"),
        statement=statement,
    )


def _pump(statement: Statement, tree: CreatePump) -> Pump:
    insert = tree.args["insert"]
    target = insert.this
    columns = tuple(map(canonical, target.expressions)) if isinstance(target, exp.Schema) else None
    return Pump(canonical(tree.this), canonical(target), columns, insert.expression, statement)


def other(statement: Statement) -> str:
    """The first words of a statement that is neither stream nor pump."""
    tree = statement.tree
    return tree.args["word"] if isinstance(tree, Other) else "INSERT" if isinstance(tree, exp.Insert) else "SELECT"
