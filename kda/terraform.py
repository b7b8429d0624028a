"""Terraform's language, as far as a resource of an application needs it: blocks, attributes, texts, heredocs.

An expression that is no text or list stays as it is written. Blocks of a name become a list of mappings.
"""

from __future__ import annotations

import re

from kda.places import File
from kda.tree import Fields, Items, Node, Scalar, Text

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_BLANK = re.compile(r"(?:[ \t]|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_HEREDOC = re.compile(r"<<(-?)([A-Za-z_][\w-]*)[ \t\r]*\n")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
BLOCK = "\0labels"  # the field of a block that has its labels


def parsed(file: File) -> Fields:
    """The blocks of a file, each name a list. Raises Malformed."""
    reader = _Reader(file)
    try:
        body, _at = reader.body(0, is_top=True)
    except RecursionError:
        raise file.malformed(0, "expected blocks of less depth") from None
    return body


class _Reader:
    def __init__(self, file: File) -> None:
        self._file, self._text = file, file.text

    def _skip(self, at: int, space: re.Pattern[str] = _SPACE) -> int:
        match = space.match(self._text, at)
        return match.end() if match else at

    def _unexpected(self, at: int, expected: str) -> Exception:
        found = repr(self._text[at]) if at < len(self._text) else "the end of the file"
        return self._file.malformed(at, f"expected {expected}, found {found}")

    def body(self, start: int, *, is_top: bool) -> tuple[Fields, int]:
        """Attributes and blocks up to } or, at the top, to the end of the file; and the index behind them."""
        fields, at = Fields({}, start), self._skip(start)
        while at < len(self._text):
            if self._text[at] == "}" and not is_top:
                return fields, at + 1
            match = _NAME.match(self._text, at)
            if not match:
                raise self._unexpected(at, "the name of an attribute or block" if is_top else "a name or '}'")
            name, key = match.group(), at
            at = self._skip(match.end(), _BLANK)
            if self._text[at : at + 1] == "=" and self._text[at : at + 2] != "==":
                fields.values[name], at = self._expression(self._skip(at + 1, _BLANK))
            else:
                block, at = self._block(at)
                former = fields.values.get(name)
                before = former.values if isinstance(former, Items) else ()
                fields.values[name] = Items([*before, block], key)
            at = self._skip(at)
        if not is_top:
            raise self._unexpected(at, "'}' of the block")
        return fields, at

    def _block(self, at: int) -> tuple[Fields, int]:
        labels: list[Node] = []
        while self._text[at : at + 1] != "{":
            if self._text[at : at + 1] == '"':
                label, at = self._quoted(at)
                labels.append(label)
            elif match := _NAME.match(self._text, at):
                labels.append(Text(match.group(), at, match.end(), has_escapes=False))
                at = match.end()
            else:
                raise self._unexpected(at, "'=' or '{'")
            at = self._skip(at, _BLANK)
        block, behind = self.body(at + 1, is_top=False)
        block.values[BLOCK] = Items(labels, at)
        return block, behind

    def _expression(self, at: int) -> tuple[Node, int]:
        sign = self._text[at : at + 1]
        node: Node
        if sign == '"':
            node, behind = self._quoted(at)
            if self._ends(behind):
                return node, behind
        elif sign == "<" and (match := _HEREDOC.match(self._text, at)):
            return self._heredoc(at, match)
        elif sign == "[":
            listed = self._list(at)
            if listed and self._ends(listed[1]):
                return listed
        return self._other(at)

    def _ends(self, at: int) -> bool:
        """Whether an expression ends here: at a line's end, a comma, a bracket or a comment."""
        at = self._skip(at, _BLANK)
        return self._text[at : at + 1] in ("", "\n", "\r", ",", "]", "}", "#") or self._text[at : at + 2] == "//"

    def _list(self, start: int) -> tuple[Items, int] | None:
        """A list of expressions; None for what is not a plain one."""
        values, at = [], self._skip(start + 1)
        while self._text[at : at + 1] != "]":
            if at >= len(self._text):
                raise self._unexpected(at, "']'")
            node, at = self._expression(at)
            values.append(node)
            at = self._skip(at)
            if self._text[at : at + 1] == ",":
                at = self._skip(at + 1)
            elif self._text[at : at + 1] != "]":
                return None
        return Items(values, start), at + 1

    def _other(self, start: int) -> tuple[Scalar, int]:
        """Any other expression, up to the end of its line outside of brackets."""
        depth, at = 0, start
        while at < len(self._text):
            sign = self._text[at]
            if sign == '"':
                _text, at = self._quoted(at)
                continue
            if sign in "([{":
                depth += 1
            elif sign in ")]}":
                if not depth:
                    break
                depth -= 1
            elif (sign in "\n," and not depth) or (sign == "#" and not depth):
                break
            at += 1
        if at == start:
            raise self._unexpected(at, "a value")
        return Scalar(self._text[start:at].strip(), start), at

    def _quoted(self, start: int) -> tuple[Text, int]:
        """A text in quotes; ${..} stays, with the quotes in it."""
        value, at, depth = "", start + 1, 0
        while at < len(self._text):
            sign = self._text[at]
            if sign == "\n" and not depth:
                break
            if sign == '"' and not depth:
                return Text(value, start, at + 1, has_escapes=True), at + 1
            if sign == "\\" and not depth:
                following = self._text[at + 1 : at + 2]
                length = {"u": 6, "U": 10}.get(following, 2)
                code = self._text[at + 2 : at + length]
                if length > 2 and re.fullmatch(r"[0-9A-Fa-f]+", code) and int(code, 16) < 0x110000:
                    value += chr(int(code, 16))
                elif following in _ESCAPES:
                    value += _ESCAPES[following]
                else:
                    raise self._file.malformed(at, 'expected an escape: \\n, \\t, \\r, \\", \\\\ or \\u0041')
                at += length
                continue
            if self._text.startswith(("${", "%{"), at):
                depth += 1
                value += self._text[at : at + 2]
                at += 2
                continue
            if depth and sign in "{}":
                depth += 1 if sign == "{" else -1
            value += sign
            at += 1
        raise self._file.malformed(start, 'expected " at the end of the text that begins here')

    def _heredoc(self, start: int, match: re.Match[str]) -> tuple[Text, int]:
        is_indented, mark = bool(match.group(1)), match.group(2)
        end = re.compile(rf"^[ \t]*{re.escape(mark)}[ \t]*\r?$", re.MULTILINE).search(self._text, match.end())
        if not end:
            raise self._file.malformed(start, f"expected {mark} on a line of its own at the end of the text")
        value = self._text[match.end() : end.start()]
        if is_indented:
            lines = value.split("\n")
            width = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
            value = "\n".join(line[width:] for line in lines)
        return Text(value.replace("$${", "${"), start, end.start(), has_escapes=False), end.end()
