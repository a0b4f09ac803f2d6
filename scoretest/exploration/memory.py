"""What the variables of handlers held when the exploration began.

A server enters a handler in any of its processes: in one that has run it before, and in one
that has just started. So a handler must not decide by what an earlier entry has left behind.
To see that, a move is played once more with the variables as they were at first; a step's
callback has them as they are, because what it reads stands for the world outside.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final, TypeAlias, final

from ..runtime.foreign import Served
from .effects import Effects
from .handlers import application_package, codes_of

__all__ = ["Memory"]

_DEPTH: Final = 3
_MOST_ITEMS: Final = 200
_SCALARS: Final = (str, int, float, bool, bytes, type(None))
_NO_VARIABLES: Final = (FunctionType, BuiltinFunctionType, ModuleType, type)
_CONTAINERS: Final = (list, dict, set, deque)

State: TypeAlias = tuple[list[Any], list[Any]]
"""What names stand for, and copies of what things hold."""


@final
class Memory:
    """The variables of the handlers of some functions, and what they held at first.

    Args:
        functions: Whose.
    """

    def __init__(self, functions: Sequence[Served]) -> None:
        names: dict[tuple[int, str], tuple[dict[str, Any], str]] = {}
        roots: list[Any] = []
        for code in (code for function in functions for code in codes_of(function)):
            space: dict[str, Any] = getattr(code.handler, "__globals__", {})
            for name in code.code.co_names:
                if name in space:
                    names[id(space), name] = (space, name)
            roots += _contents(getattr(code.handler, "__closure__", None) or ())
        roots += [space[name] for space, name in names.values()]
        self._names = [
            (space, name)
            for space, name in names.values()
            if not isinstance(space[name], _NO_VARIABLES)
        ]
        self._things: list[Any] = []
        self._keep(roots, _DEPTH, set())
        self._first = self._now()

    def is_stale(self) -> bool:
        """Say whether a variable holds something else now."""
        bound, held = self._now()
        first_bound, first_held = self._first
        return not _is_same(bound, first_bound) or not all(
            map(_is_same, held, first_held)
        )

    def restore(self) -> None:
        """Let the variables hold again what they held at first."""
        self._restore(self._first)

    @contextmanager
    def forgotten(self, effects: Effects) -> Iterator[None]:
        """Let handlers, but not their steps, see the variables as they were at first.

        Args:
            effects: Tells when a step's callback begins and ends.
        """
        latest, forgotten = self._now(), self._first
        hooks = before, after = effects.before_body, effects.after_body

        def enter() -> None:
            nonlocal forgotten
            before()
            forgotten = self._now()
            self._restore(latest)

        def leave() -> None:
            after()
            self._restore(forgotten)

        effects.before_body, effects.after_body = enter, leave
        self._restore(forgotten)
        try:
            yield
        finally:
            effects.before_body, effects.after_body = hooks
            self._restore(latest)

    def _keep(self, things: Iterable[Any], depth: int, known: set[int]) -> None:
        """Take note of what can hold something, and of what that holds."""
        for thing in things:
            held = _held(thing)
            if held is None or id(thing) in known or len(held) > _MOST_ITEMS:
                continue
            known.add(id(thing))
            self._things.append(thing)
            if depth:
                inner = held.values() if isinstance(held, dict) else held
                self._keep([*inner, type(thing)], depth - 1, known)

    def _now(self) -> State:
        return (
            [space.get(name) for space, name in self._names],
            [_held(thing) for thing in self._things],
        )

    def _restore(self, state: State) -> None:
        bound, held = state
        for (space, name), value in zip(self._names, bound, strict=True):
            space[name] = value
        for thing, inside in zip(self._things, held, strict=True):
            if not _is_same(_held(thing), inside):
                _fill(thing, inside)


def _contents(cells: Iterable[Any]) -> Iterator[Any]:
    for cell in cells:
        try:
            yield cell.cell_contents
        except ValueError:  # nobody has filled it yet
            continue


def _held(thing: Any) -> Any:
    """Return a copy of what *thing* holds itself; None if that is not our affair."""
    if isinstance(thing, list | deque):
        return list(thing)
    if isinstance(thing, dict):
        return dict(thing)
    if isinstance(thing, set):
        return set(thing)
    if isinstance(thing, type):
        is_ours = application_package(thing.__module__)
        return _attributes(thing) if is_ours else None
    if application_package(type(thing).__module__) and hasattr(thing, "__dict__"):
        return dict(vars(thing))
    return None


def _attributes(kind: type) -> dict[str, Any]:
    """Return the attributes of a class that are data."""
    return {
        name: value
        for name, value in vars(kind).items()
        if isinstance(value, (*_SCALARS, *_CONTAINERS)) and not name.startswith("__")
    }


def _fill(thing: Any, held: Any) -> None:
    """Let *thing* hold something else."""
    if isinstance(thing, type):
        for name, value in held.items():
            setattr(thing, name, value)
        return
    inside = thing if isinstance(thing, _CONTAINERS) else vars(thing)
    inside.clear()
    if isinstance(inside, list | deque):
        inside.extend(held)
    else:
        inside.update(held)


def _is_same(one: Any, other: Any) -> bool:
    """Say whether two copies hold the very same things."""
    if type(one) is not type(other) or len(one) != len(other):
        return False
    if isinstance(one, dict):
        return all(name in other and other[name] is one[name] for name in one)
    if isinstance(one, set):
        return bool(one == other)
    return all(map(_is_identical, one, other))


def _is_identical(one: object, other: object) -> bool:
    return one is other
