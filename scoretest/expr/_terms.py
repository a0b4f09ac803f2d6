"""Conditions that every matching event meets, for the wait index.

Sound because, in the engine's dialect, a comparison with an absent path is false, a
comparison of different kinds is false, and ``false && x`` is no match whatever x is:
an event that lacks every key of a term cannot match (rules C1, C2, C5).

Expressions that differ in their literals have the same terms with other keys. So the
terms are found once for the lifted text, with a `_Hole` where a literal stood, and
filled in for each expression.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple, TypeAlias, cast, final

from .._model.predicate import IndexKey, IndexTerm, index_key
from ._tree import Binary, Ident, Index, ListOf, Lit, Logic, Node, Select
from ._values import UInt

__all__ = ["TermPlan", "fill_terms", "plan_terms"]

Literals: TypeAlias = Mapping[str, object]

_EXACT: Final = 2**53


@final
class _Hole(str):
    """The name of a literal in place of its text; equal to itself alone."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class TermPlan(NamedTuple):
    """A term with holes; *whole* says that its path has none."""

    term: IndexTerm
    whole: bool


def plan_terms(root: Node, names: Collection[str], event: str) -> tuple[TermPlan, ...]:
    """Return the terms among the required parts of *root*, whatever its literals are.

    Args:
        root: The tree of the lifted text.
        names: The names of the lifted literals.
        event: The variable that holds the event, ``"async"`` or ``"event"``.
    """
    holes = {name: _Hole(name) for name in names}
    return tuple(
        TermPlan(term, not any(type(step) is _Hole for step in term.path))
        for term in _terms(root, holes, event)
    )


def fill_terms(plan: tuple[TermPlan, ...], literals: Literals) -> tuple[IndexTerm, ...]:
    """Return the terms of *plan* for these literals."""
    return tuple([_fill(term, literals, whole=whole) for term, whole in plan])


def _fill(term: IndexTerm, literals: Literals, *, whole: bool) -> IndexTerm:
    path, keys = term
    if not whole:
        path = tuple([cast("str", _text(step, literals)) for step in path])
    filled = [(kind, _text(value, literals)) for kind, value in keys]
    # two literals may say the same
    return IndexTerm(path, tuple(filled if len(filled) == 1 else dict.fromkeys(filled)))


def _text(part: str | float, literals: Literals) -> str | float:
    return cast("str", literals[str(part)]) if type(part) is _Hole else part


def _terms(root: Node, literals: Literals, event: str) -> list[IndexTerm]:
    parts = root.parts if isinstance(root, Logic) and root.op == "&&" else (root,)
    found = (_term(part, literals, event) for part in parts)
    return [term for term in found if term is not None]


def _term(node: Node, literals: Literals, event: str) -> IndexTerm | None:
    match node:
        case Logic(op="&&"):
            # of a nested chain any one condition is enough
            terms = _terms(node, literals, event)
            return terms[0] if terms else None
        case Logic(op="||"):
            return _either(node, literals, event)
        case Binary(op="=="):
            return _equality(node.left, node.right, literals, event) or _equality(
                node.right, node.left, literals, event
            )
        case Binary(op="in", right=ListOf()):
            return _membership(node, literals, event)
        case _:
            return None


def _either(node: Logic, literals: Literals, event: str) -> IndexTerm | None:
    terms = [_term(part, literals, event) for part in node.parts]
    known = [term for term in terms if term is not None]
    if len(known) < len(terms) or len({term.path for term in known}) > 1:
        return None
    keys = dict.fromkeys(key for term in known for key in term.keys)
    return IndexTerm(known[0].path, tuple(keys))


def _equality(
    path_side: Node, value_side: Node, literals: Literals, event: str
) -> IndexTerm | None:
    path = _path(path_side, literals, event)
    key = _key(value_side, literals)
    return IndexTerm(path, (key,)) if path and key else None


def _membership(node: Binary, literals: Literals, event: str) -> IndexTerm | None:
    assert isinstance(node.right, ListOf)  # noqa: S101 -- the caller matched it
    path = _path(node.left, literals, event)
    keys = [_key(item, literals) for item in node.right.items]
    known = dict.fromkeys(key for key in keys if key is not None)
    if not path or not known or None in keys:
        return None
    return IndexTerm(path, tuple(known))


def _key(node: Node, literals: Literals) -> IndexKey | None:
    if not isinstance(node, Lit):
        return index_key(_lifted(node, literals))
    if type(node.value) is UInt:
        return None
    key = index_key(node.value)
    # an integer of an event that no double holds is rounded to 2**53 or beyond
    exact = key is None or isinstance(key[1], str) or abs(key[1]) < _EXACT
    return key if exact else None


def _lifted(node: Node, literals: Literals) -> object:
    match node:
        case Select(operand=Ident(name="vars"), field=name):
            return literals.get(name)
        case _:
            return None


def _path(node: Node, literals: Literals, event: str) -> tuple[str, ...]:
    """Return the steps of a path of the event, empty for anything else."""
    steps: list[str] = []
    while isinstance(node, Select | Index):
        step = node.field if isinstance(node, Select) else _lifted(node.key, literals)
        if not isinstance(step, str):
            return ()
        steps.append(step)
        node = node.operand
    is_event = isinstance(node, Ident) and node.name == event
    return tuple(reversed(steps)) if is_event else ()
