"""Expressions about a deferred payload, as production has to be given them.

In the harness the payload of a deferred event stands in ``event.data`` and once more
under ``event.data.input``. Production knows the first place only, and there a path that
is missing equals one that is missing on the other side (rule C2): an expression that
asks for ``event.data.input.x`` would match what it should not.
"""

from typing import Final

from ..errors import UsageError
from ._errors import ExpressionError, caret
from ._parser import parse
from ._tree import Has, Index, Macro, Node, Select, Span, children, static_path

__all__ = ["payload_in_production"]

_DATA: Final = ("event", "data")
_INPUT: Final = ("event", "data", "input")
_ROOTS: Final = (("event",), _DATA, _INPUT)


def payload_in_production(text: str) -> str:
    """Return *text* with ``event.data.x`` in place of each ``event.data.input.x``.

    What is no expression comes back as it is: production refuses it, as the harness
    does (rule C8).

    Raises:
        UsageError: *text* takes the event or the payload as a whole, or a field whose
            name is known only later; nobody can say what production would make of it.
    """
    try:
        root = parse(text)
    except ExpressionError:
        return text
    for start, end in sorted(_cuts(root, text), reverse=True):
        text = text[:start] + text[end:]
    return text


def _cuts(root: Node, text: str) -> list[Span]:
    """Return where *text* says ``.input`` of a deferred payload."""
    cuts: list[Span] = []
    waiting = [(root, False)]
    while waiting:
        node, is_selected = waiting.pop()
        path = static_path(node)
        if path in _ROOTS and not is_selected:
            what = f"{'.'.join(map(str, path))} stands as a whole"
            raise _refusal(what, text, node.span)
        if path == _INPUT:
            cuts.append(_last_part(node, text))
        elif isinstance(node, Macro) and node.variable == "event":
            raise _refusal("a variable is called event", text, node.span)
        else:
            is_named = _names_a_field(node)
            parts = children(node)
            waiting += [(part, False) for part in parts[1:]]
            waiting += [(part, is_named) for part in parts[:1]]
    return cuts


def _names_a_field(node: Node) -> bool:
    return isinstance(node, Select | Has) or (
        isinstance(node, Index) and static_path(node) is not None
    )


def _last_part(node: Node, text: str) -> Span:
    """Return where the last part of a path stands, with its dot or brackets."""
    (operand, *_) = children(node)
    start, end = operand.span[1], node.span[1]
    if text[start:end].lstrip()[:1] not in (".", "["):  # a parenthesis stands between
        raise _refusal("event.data.input is written with parentheses", text, node.span)
    return start, end


def _refusal(what: str, text: str, span: Span) -> UsageError:
    return UsageError(
        f"an expression about a deferred payload cannot go to production: {what}",
        seen=caret(text, span),
        fix="name a field of it: event.data.x, or event.data.input.x",
    )
