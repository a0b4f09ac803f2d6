"""Lints about conditions that no event can meet."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final, NamedTuple

from ._absence import Path, comparisons
from ._lint import Lint, Subject, written
from ._tree import Binary, Index, Logic, Node, Select, static_path

__all__ = ["contradictions", "unknown_fields"]

_FIELDS: Final = frozenset({"id", "name", "data", "ts", "user", "v", "meta"})
_FIELD: Final = 2
"""The length of the path of an event's own field."""


def unknown_fields(subject: Subject) -> Iterator[Lint]:
    """An event has its values in ``data``, and few fields beside it (rule B3)."""
    for node in subject.nodes:
        path = static_path(node)
        if not isinstance(node, Select | Index) or path is None:
            continue
        is_field = path[0] == "async" and len(path) == _FIELD
        if is_field and path[1] not in _FIELDS:
            yield Lint(
                code="UNKNOWN_FIELD",
                span=node.span,
                message=f"always absent: no event has {path[1]!r} beside its data",
                fix=f"write `async.data.{path[1]}`",
            )


class _Claim(NamedTuple):
    """What a part of a condition says of a path."""

    part: Node
    operator: str
    value: object


def contradictions(subject: Subject) -> Iterator[Lint]:
    """Two parts of one condition that no value meets (rules C1 and C2)."""
    for node in subject.nodes:
        if not isinstance(node, Logic) or node.op != "&&":
            continue
        for claims in _claims(node).values():
            for one, other in combinations(claims, 2):
                if _is_excluded(one, other) or _is_excluded(other, one):
                    parts = [f"`{written(subject, c.part)}`" for c in (one, other)]
                    yield Lint(
                        code="NEVER_TRUE",
                        span=node.span,
                        message=f"never matches: {' and '.join(parts)} exclude each other",
                        fix="write `||` between them, or leave one out",
                    )


def _claims(node: Logic) -> dict[Path, list[_Claim]]:
    """Return what the parts of a conjunction say of each path."""
    found: dict[Path, list[_Claim]] = {}
    for part in node.parts:
        if isinstance(part, Binary):
            for path, operator, literal in comparisons(part):
                claim = _Claim(part, operator, literal.value)
                found.setdefault(path, []).append(claim)
    return found


def _is_excluded(one: _Claim, other: _Claim) -> bool:
    """Say whether no value meets two claims; the first is an equality or a lower bound."""
    if one.operator == "==" and other.operator in ("==", "!="):
        return _is_equal(one.value, other.value) is (other.operator == "!=")
    first, second = _number(one.value), _number(other.value)
    if first is None or second is None:
        return False
    if one.operator == "==":
        return not _holds(first, other.operator, second)
    if one.operator in (">", ">=") and other.operator in ("<", "<="):
        is_strict = one.operator == ">" or other.operator == "<"
        return first > second or (is_strict and first == second)
    return False


def _is_equal(one: object, other: object) -> bool:
    """Say whether two values are equal; numbers are, whatever their kind (rule C1)."""
    first, second = _number(one), _number(other)
    if first is not None and second is not None:
        return first == second
    return type(one) is type(other) and one == other


def _holds(value: float, operator: str, bound: float) -> bool:
    match operator:
        case "<":
            return value < bound
        case "<=":
            return value <= bound
        case ">":
            return value > bound
        case ">=":
            return value >= bound
    return True


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]  # it is one, as was just seen
