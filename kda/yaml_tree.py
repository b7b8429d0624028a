"""YAML with places, and CloudFormation's short forms (!Sub, !Join, !Ref) as their long ones."""

from __future__ import annotations

from typing import Any

import yaml

from kda.places import File
from kda.tree import Fields, Items, Node, Scalar, Text

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRING = "tag:yaml.org,2002:str"


def parsed(file: File) -> Node:
    """The first document of a file. Raises Malformed."""
    try:
        node = yaml.compose(file.text, Loader=_LOADER)
        return Scalar("", 0) if node is None else _Tree(file).converted(node)
    except yaml.reader.ReaderError as error:
        raise file.malformed(int(error.position or 0), "expected YAML, found a character that it cannot have") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(filter(None, (error.problem, error.context and f"({error.context})")))
        raise file.malformed(mark.index if mark else 0, f"expected YAML: {problem}") from None
    except RecursionError:
        raise file.malformed(0, "expected YAML of less depth") from None


class _Tree:
    def __init__(self, file: File) -> None:
        self._file = file
        self._converted: dict[int, Node] = {}  # an alias is the node of its anchor

    def converted(self, node: Any) -> Node:
        if id(node) not in self._converted:
            self._converted[id(node)] = self._tagged(node)
        return self._converted[id(node)]

    def _tagged(self, node: Any) -> Node:
        value = self._plain(node)
        name = node.tag.removeprefix("!") if node.tag.startswith("!") else ""
        if not name:
            return value
        return Fields({name if name in ("Ref", "Condition") else f"Fn::{name}": value}, value.start)

    def _plain(self, node: Any) -> Node:
        start, end = (min(mark.index, len(self._file.text)) for mark in (node.start_mark, node.end_mark))
        if isinstance(node, yaml.SequenceNode):
            return Items([self.converted(one) for one in node.value], start)
        if isinstance(node, yaml.MappingNode):
            return Fields({str(key.value): self.converted(value) for key, value in node.value}, start)
        if node.style is None and node.tag != _STRING and not node.tag.startswith("!"):
            return Scalar(node.value, start)
        return Text(node.value, self._begin(start, end), end, has_escapes=node.style == '"')

    def _begin(self, start: int, end: int) -> int:
        """The value of a tagged node: its mark is at the tag."""
        text = self._file.text
        if text[start : start + 1] == "!":
            while start < end and not text[start].isspace():
                start += 1
            while start < end and text[start].isspace():
                start += 1
        return start
