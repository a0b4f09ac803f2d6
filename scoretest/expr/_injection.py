"""Can a value that is pasted into an expression change what the expression means?

The construction is run again with hostile ids. An expression that is safe has the same
shape for each of them: the same tree when literals are erased.

Source: rules C10 and X5.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias, final

from ._errors import ExpressionError
from ._expression import compile_expression
from ._parser import parse
from ._tree import Lit, Node, walk

__all__ = ["HOSTILE_IDS", "Injection", "injection_findings", "skeleton"]

HARMLESS: Final = "tk_1"
HOSTILE_IDS: Final = (
    "x' || true || '",
    "x' || 'a' == 'a",
    "x' || true //",
    '" || "" == "',
    "x\\",
    "1 || true",
    "it's",
    'say "hi"',
    "a\nb",
)

Outcome = Literal["breaks", "changes", "never matches"]
Shape: TypeAlias = "tuple[object, ...]"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """What one hostile id did to an expression.

    Attributes:
        id: The id that was pasted in.
        text: The expression that came out.
        outcome: ``"breaks"``: it fails at registration. ``"changes"``: it means
            something else. ``"never matches"``: it is the same, but the engine's
            literal does not equal the id (rule C10).
    """

    id: str
    text: str
    outcome: Outcome


def injection_findings(
    build: Callable[[str], str], *, hostile: tuple[str, ...] = HOSTILE_IDS
) -> tuple[Injection, ...]:
    """Build an expression with hostile ids and return what they did to it.

    Args:
        build: Makes the expression from an id, as the function under test does.
        hostile: The ids to try.

    Returns:
        One record for each id that did harm; empty for a safe construction.

    Raises:
        ExpressionError: Even the harmless id ``tk_1`` gives no expression.

    Source: rules C10 and X5.

    Example:
        >>> [found.outcome for found in injection_findings(
        ...     lambda id: "async.data.id == event.data.id"
        ... )]
        []
    """
    expected = skeleton(parse(build(HARMLESS)))
    found = []
    for each in hostile:
        text = build(each)
        outcome = _outcome(text, each, expected)
        if outcome is not None:
            found.append(Injection(id=each, text=text, outcome=outcome))
    return tuple(found)


def _outcome(text: str, pasted: str, expected: Shape) -> Outcome | None:
    try:
        compiled = compile_expression(text)
    except ExpressionError:
        return "breaks"
    if skeleton(parse(text)) != expected:
        return "changes"
    if _holds(parse(text), pasted) and pasted not in compiled.literals:
        return "never matches"
    return None


def _holds(node: Node, value: str) -> bool:
    return any(isinstance(n, Lit) and n.value == value for n in walk(node))


def skeleton(node: Node) -> Shape:
    """Return the shape of a tree: kinds, names and operators, without any literal."""
    if isinstance(node, Lit):
        return (type(node.value).__name__,)
    values = (
        getattr(node, field.name) for field in fields(node) if field.name != "span"
    )
    return (type(node).__name__, *map(_shape, values))


def _shape(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(map(_shape, value))
    return value if isinstance(value, str | None) else skeleton(value)  # type: ignore[arg-type]  # names, nothing, or nodes
