"""What stands between the tokens of an SQL text: comments and placeholders, and quotes that nobody closes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kda.places import Code

# A placeholder is what a template will put in: ${Name} of CloudFormation and Terraform.
PLACEHOLDER = re.compile(r"\$\{[^{}'\"\n]*\}")
_PARTS = re.compile(
    r"""
      (?P<string>  '(?:[^']|'')*'(?!') )
    | (?P<quoted>  "(?:[^"]|"")*"(?!") )
    | (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<placeholder> \$\{[^{}'"\n]*\} )
    | (?P<open> ' | " | /\* )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPEN = {
    "'": "' at the end of the text that begins here",
    '"': '" at the end of the name that begins here',
    "/*": "*/ at the end of the comment that begins here",
}
# Signs of Unicode's private area for those of a placeholder: so the tokenizer takes the whole for one word.
_MASK = {ord(sign): 0xE000 + ord(sign) for sign in map(chr, range(32, 127)) if not sign.isalnum()}
_UNMASK = {masked: sign for sign, masked in _MASK.items()}


# A statement behind other words of a comment. One that begins the comment is left out on purpose.
_STATEMENT = re.compile(r"--\s*\S.*\bCREATE\s+(OR\s+REPLACE\s+)?(STREAM|PUMP)\s+\S+\s*(\(|AS\b|ST)", re.IGNORECASE)

_SQL = re.compile(r"--\s*\S.*\b(CREATE|INSERT INTO|SELECT|FROM|WHERE|GROUP BY|JOIN|AS)\b")


@dataclass(frozen=True)
class Comment:
    """A comment with its marks. offset: its index into the SQL text."""

    offset: int
    text: str

    @property
    def words(self) -> str:
        """What it says, without marks, a line for each of its lines."""
        inner = self.text[2:-2] if self.text.startswith("/*") else self.text[2:]
        lines = [line.strip().removeprefix("*").strip() for line in inner.split("\n")]
        return "\n".join(lines).strip()

    @property
    def has_sql(self) -> bool:
        """Whether words of SQL stand behind others in its line."""
        return _SQL.match(self.text) is not None

    @property
    def swallows(self) -> bool:
        """Whether it holds a statement that most likely stood in a line of its own."""
        return _STATEMENT.match(self.text) is not None


@dataclass(frozen=True)
class Scanned:
    """text: the SQL, as long as it was, with each placeholder outside of quotes as one word for the tokenizer.

    placeholders: index and text of all of them, also of those within quotes.
    """

    text: str
    comments: tuple[Comment, ...]
    placeholders: tuple[tuple[int, str], ...]


def scan(code: Code) -> Scanned:
    """Find comments and placeholders. Raises Malformed for a quote or comment that is not closed."""
    comments, placeholders, parts, end = [], [], [], 0
    for part in _PARTS.finditer(code.text):
        text, at = part.group(), part.start()
        if part.lastgroup == "open":
            raise code.malformed(at, f"expected {_OPEN[text]}")
        parts.append(code.text[end:at])
        end = part.end()
        if part.lastgroup == "comment":
            comments.append(Comment(at, text))
        elif part.lastgroup == "placeholder":
            placeholders.append((at, text))
        else:
            placeholders += [(at + found.start(), found.group()) for found in PLACEHOLDER.finditer(text)]
        # A comment is nothing to the parser. Its line feeds stay, so that it still separates tokens.
        parts.append(
            text.translate(_MASK)
            if part.lastgroup == "placeholder"
            else re.sub(r"[^\n]", " ", text)
            if part.lastgroup == "comment"
            else text
        )
    parts.append(code.text[end:])
    return Scanned("".join(parts), tuple(comments), tuple(one for one in placeholders if one[0] not in code.literals))


def unmasked(name: str) -> str:
    """A word of the tokenizer as it stands in the SQL."""
    return name.translate(_UNMASK)
