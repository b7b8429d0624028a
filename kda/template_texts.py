"""The texts of a template of CloudFormation: its functions put together, and what only AWS knows as ${Name}."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from kda.applications import Resolve, written
from kda.places import Code, File, joined
from kda.tree import Fields, Items, Node, Scalar, Text

_Parts = Iterator[Code]
_IN_SUB = re.compile(r"\$\{(!?)([^{}\n]*)\}")


def resolver(file: File, parameters: Mapping[str, Node]) -> Resolve:
    """Reads the texts of a template with these parameters."""
    template = _Texts(file, parameters)

    def resolve(node: Node) -> Code | None:
        if isinstance(node, Fields):
            return joined(file, template.parts(node))
        return template.plain(node)

    return resolve


@dataclass(frozen=True)
class _Texts:
    """The texts of a template, which its functions put together."""

    file: File
    parameters: Mapping[str, Node]

    @property
    def plain(self) -> Resolve:
        """A text that stands in the file as it is."""
        return written(self.file)

    def parts(self, node: Node) -> _Parts:
        """The parts of a text. Raises Malformed."""
        if not isinstance(node, Fields):
            code = self.plain(node)
            if code is None:
                raise self.file.malformed(node.start, "expected a text or a function of CloudFormation")
            yield code
            return
        name, value = next(iter(node.values.items()), ("", None))
        if value is None or len(node.values) != 1 or not (name == "Ref" or name.startswith("Fn::")):
            raise self.file.malformed(node.start, "expected a text or a function of CloudFormation, found a mapping")
        if name == "Fn::Join" and isinstance(value, Items) and len(value.values) == 2:
            separator, listed = value.values
            if isinstance(listed, Items):
                for number, part in enumerate(listed.values):
                    if number:
                        # It stands where the part behind it begins: so its line feeds end that line.
                        yield from (one.standing(part.start) for one in self.parts(separator))
                    yield from self.parts(part)
                return
        if name == "Fn::Sub":
            yield from self._substituted(value)
            return
        if name == "Ref" and isinstance(value, Text | Scalar) and (default := self._default(value.value)) is not None:
            yield default if "\n" in default.text else default.standing(node.start)
            return
        placeholder = _placeholder(name, value)
        yield Code(self.file, placeholder, range(len(placeholder) + 1)).standing(node.start)

    def _substituted(self, value: Node) -> _Parts:
        """The text of Fn::Sub with what is known of its ${Name}; ${!Name} is the text ${Name}."""
        text, *given = value.values if isinstance(value, Items) and value.values else [value]
        values = given[0].values if given and isinstance(given[0], Fields) else {}
        for code in self.parts(text):
            end = 0
            for found in _IN_SUB.finditer(code.text):
                is_literal, name = found.groups()
                yield code.part(end, found.start())
                end = found.end()
                here = code.offsets[found.start()]
                if is_literal:
                    yield replace(code.part(found.start(), found.start() + 2), literals=frozenset([0]))
                    yield code.part(found.start() + 3, end)
                elif name in values:
                    yield from (one.standing(here) for one in self.parts(values[name]))
                elif (default := self._default(name)) is not None:
                    yield default.standing(here)
                else:
                    yield code.part(found.start(), end)
            yield code.part(end, len(code.text))

    def _default(self, name: str) -> Code | None:
        """The default of a parameter; None without one, and for what only AWS looks up."""
        parameter = self.parameters.get(name)
        if not isinstance(parameter, Fields) or "Default" not in parameter.values:
            return None
        kind = parameter.values.get("Type")
        code = self.plain(parameter.values["Default"])
        if code is None or not isinstance(kind, Text | Scalar) or kind.value not in ("String", "Number"):
            return None
        is_short = len(code.text) <= 40 and "\n" not in code.text
        return replace(code, defaults=((0, name, code.text if is_short else "in this file"),))


def _placeholder(name: str, value: Node) -> str:
    """What stands for a value that only AWS knows: ${Name}, as in Fn::Sub."""
    if isinstance(value, Text | Scalar):
        return f"${{{value.value}}}" if name in ("Ref", "Fn::GetAtt", "Fn::ImportValue") else f"${{{name}}}"
    if name == "Fn::GetAtt" and isinstance(value, Items):
        return "${" + ".".join(one.value for one in value.values if isinstance(one, Text | Scalar)) + "}"
    return f"${{{name}}}"
