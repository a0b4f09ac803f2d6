"""What a remark on an expression is, and what a rule may look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from ._tree import Node, Span, static_path
from ._types import Type

__all__ = ["ORDER", "Lint", "Subject", "is_path", "written"]

ORDER: Final = frozenset({"<", "<=", ">", ">="})
"""The operators that ask for an order."""
_EVENTS: Final = frozenset({"async", "event"})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """A remark on a part of an expression.

    Attributes:
        code: Its name, such as ``"NEGATED_ABSENCE"``.
        span: Offsets of the part in the text, from and behind.
        message: What production will do.
        fix: What to write instead.
    """

    code: str
    span: Span
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that a rule may look at."""

    root: Node
    text: str
    trigger: Mapping[str, object] | None
    stored: str
    type: Type
    nodes: tuple[Node, ...]


def written(subject: Subject, node: Node) -> str:
    """Return a part of an expression as it is written."""
    return subject.text[slice(*node.span)]


def is_path(node: Node) -> bool:
    """Say whether a part is a path into an event."""
    path = static_path(node)
    return path is not None and path[0] in _EVENTS and len(path) > 1
