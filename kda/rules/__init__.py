"""The rules of `check`, in one registry. A number stays a rule's."""

from __future__ import annotations

from kda.rule import Rule
from kda.rules import cannot, changed, decide, kept, missing

RULES = {
    one.number: one
    for module in (kept, changed, decide, cannot, missing)
    for one in vars(module).values()
    if isinstance(one, Rule)
}
