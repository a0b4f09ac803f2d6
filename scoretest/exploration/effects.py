"""What handlers do outside their steps: it happens again on every entry.

While the explorer plays, events and scores that a handler sends between its steps are
noted, files that it appends to, and changes of the variables that its code names: those of
its module, of its maker, and of the classes and objects of the application.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from inspect import isawaitable
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple, final

from .._engine import Engine
from .._model.effect import Enter
from .._model.event import Event
from .._model.operation import Operation, Outcome, StepName
from .._model.score import ScoreValue
from ..runtime.driver import Driver
from ..runtime.entry import Entry
from ..runtime.foreign import Served
from ..runtime.host import Hosted
from ..sdk.function import AnyFunction
from .checks import Draft
from .files import appends_noted
from .handlers import application_package, handlers_of
from .search import Transition

__all__ = ["Effects", "image_of"]

_MOST_ITEMS: Final = 200
_DEPTH: Final = 3
_PLAIN: Final = (str, int, float, bool, type(None), bytes)
_SCALARS: Final = (int, float, str, type(None))
_PLAIN_KINDS: Final = frozenset(_PLAIN)


class _Seen(NamedTuple):
    """Something that happened outside the steps of a handler."""

    engine: Engine
    run_id: str
    entry: int
    what: str


class _Variable(NamedTuple):
    """A variable that code names, and how to read it."""

    name: str
    read: Callable[[], object]


@final
class Effects:
    """Notes what the handlers on a stage do outside their steps.

    Args:
        driver: Whose handlers are watched, from now on.
        functions: What is served.
    """

    def __init__(self, driver: Driver, functions: Sequence[Served]) -> None:
        self._driver = driver
        self._variables = tuple(_variables(functions))
        self._image: tuple[object, ...] = ()
        self._entry = ("", 0)
        self._bodies = 0
        self._seen: list[_Seen] = []
        self._done: dict[int, tuple[Engine, dict[tuple[str, str], set[int]]]] = {}
        self.before_body: Callable[[], None] = _nothing
        self.after_body: Callable[[], None] = _nothing
        self._hook()

    def judged(self, transition: Transition) -> Iterator[Draft]:
        """Yield what has happened on a second entry of one run."""
        engine = transition.node.engine
        new = [seen for seen in self._seen if seen.engine is engine]
        self._seen.clear()
        kept = self._done.get(id(transition.before))
        if not new and kept is None:
            return
        entries = {key: set(of) for key, of in kept[1].items()} if kept else {}
        for seen in new:
            entries.setdefault((seen.run_id, seen.what), set()).add(seen.entry)
        self._done[id(engine)] = (engine, entries)
        for seen in dict.fromkeys(new):
            if len(entries[seen.run_id, seen.what]) > 1:
                slug = engine.lives[seen.run_id].run.function.slug
                yield Draft(
                    "EFFECT_REPEATED",
                    f"{seen.what} outside a step, and again on every entry",
                    slug,
                    "put it into a step: await ctx.step.run(...)",
                )

    def files(self) -> AbstractContextManager[None]:
        """Note the files that handlers append to between their steps."""
        return appends_noted(self._note_outside)

    # --- hooks --------------------------------------------------------------------

    def _hook(self) -> None:
        """Stand between the driver and the handlers."""
        driver = self._driver
        self._send, self._score = driver.send, driver.write_score
        self._ended, self._call = driver.entry_ended, driver.stubs.call
        driver.send = self._sending  # type: ignore[method-assign]  # the explorer looks on
        driver.write_score = self._scoring  # type: ignore[method-assign]  # likewise
        driver.entry_ended = self._ending  # type: ignore[method-assign]  # likewise
        driver.stubs.call = self._calling  # type: ignore[method-assign]  # likewise
        kinds = driver.registry.entry_kinds
        for slug, make_entry in list(kinds.items()):
            kinds[slug] = self._noted(make_entry)

    def _sending(
        self, events: Sequence[Event], sender: Hosted | None = None
    ) -> list[str]:
        if sender is not None and not sender.step:
            for event in events:
                self._note_outside(f"the handler sends {event.name!r}")
        return self._send(events, sender)

    def _scoring(
        self,
        name: str,
        value: ScoreValue,
        run_id: str,
        step_id: str | None,
        writer: str = "",
    ) -> None:
        if writer:
            self._note_outside(f"the handler writes the score {name!r}")
        self._score(name, value, run_id, step_id, writer)

    def _ending(
        self, entry: Entry, operations: tuple[Operation, ...], outcome: Outcome
    ) -> None:
        self._settle()
        self._entry = ("", 0)
        self._ended(entry, operations, outcome)

    def _calling(
        self, function: AnyFunction, name: StepName, body: Callable[[], object]
    ) -> object:
        self._enter_body()
        output: object = None
        try:
            output = self._call(function, name, body)
        finally:
            if not isawaitable(output):
                self._leave_body()
        return self._awaited(output) if isawaitable(output) else output

    def _noted(self, make_entry: Any) -> Any:
        def make(host: Any, live: Any, effect: Enter, *rest: Any) -> Any:
            self._bodies = 0
            # what a retry does again has failed before: that is no mistake
            is_first = effect.attempt == 0
            self._entry = (effect.run_id, effect.entry) if is_first else ("", 0)
            self._rebase()
            return make_entry(host, live, effect, *rest)

        return make

    def _enter_body(self) -> None:
        self._settle()
        self._bodies += 1
        self.before_body()

    def _leave_body(self) -> None:
        self.after_body()
        self._bodies -= 1
        self._rebase()

    async def _awaited(self, output: Any) -> object:
        try:
            return await output
        finally:
            self._leave_body()

    def _note_outside(self, what: str) -> None:
        if not self._bodies:
            self._note(what)

    def _note(self, what: str) -> None:
        run_id, entry = self._entry
        if run_id:
            self._seen.append(_Seen(self._driver.engine, run_id, entry, what))

    def _settle(self) -> None:
        """Note which variables have changed since the last look."""
        if not self._variables or self._bodies:
            return
        before, self._image = self._image, self._look()
        for variable, was, is_now in zip(
            self._variables, before, self._image, strict=False
        ):
            if was != is_now:
                self._note(f"the handler changes {variable.name!r}")

    def _rebase(self) -> None:
        if self._variables:
            self._image = self._look()

    def _look(self) -> tuple[object, ...]:
        return tuple(image_of(v.read(), _DEPTH) for v in self._variables)


def _nothing() -> None:
    """Do nothing."""


def _variables(functions: Sequence[Served]) -> Iterator[_Variable]:
    """Yield the variables that the code of handlers names and that can change."""
    waiting = [handler for function in functions for handler in handlers_of(function)]
    known: set[int] = set()
    names: set[tuple[str, int]] = set()
    while waiting:
        handler = waiting.pop(0)
        if id(handler.__code__) in known:
            continue
        known.add(id(handler.__code__))
        for variable, owner in _named(handler):
            thing = variable.read()
            if isinstance(thing, FunctionType):
                waiting += [thing] if application_package(thing.__module__) else []
            elif (variable.name, owner) not in names and _can_change(thing):
                names.add((variable.name, owner))
                yield variable


def _named(handler: FunctionType) -> Iterator[tuple[_Variable, int]]:
    space = handler.__globals__
    for code in _codes(handler.__code__):
        for name in code.co_names:
            if name in space:
                yield _Variable(name, lambda name=name: space.get(name)), id(space)  # type: ignore[misc]  # mypy sees no lambda's default
                module = space[name]
                if isinstance(module, ModuleType) and application_package(
                    module.__name__
                ):
                    for inner in code.co_names:
                        if hasattr(module, inner):
                            read = lambda m=module, i=inner: getattr(m, i, None)  # noqa: E731 -- a reader of one attribute
                            yield _Variable(f"{name}.{inner}", read), id(module)
    for name, cell in zip(
        handler.__code__.co_freevars, handler.__closure__ or (), strict=False
    ):
        yield _Variable(name, lambda cell=cell: _content(cell)), id(cell)  # type: ignore[misc]  # as above


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # nobody has filled it yet
        return None


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def _can_change(thing: object) -> bool:
    return isinstance(thing, _SCALARS) or image_of(thing, 1) is not None


def image_of(thing: Any, depth: int) -> object:
    """Return what a thing holds, to be compared; None if that is not our affair."""
    if isinstance(thing, _PLAIN) or _is_constant(thing):
        return thing
    if depth < 0:
        return type(thing).__name__
    if isinstance(thing, list | tuple | deque):
        items = list(thing)[:_MOST_ITEMS]
        return (len(thing), [image_of(item, depth - 1) for item in items])
    if isinstance(thing, dict):
        pairs = list(thing.items())[:_MOST_ITEMS]
        return (len(thing), [(repr(k), image_of(v, depth - 1)) for k, v in pairs])
    if isinstance(thing, set | frozenset):
        return (len(thing), sorted(map(repr, list(thing)[:_MOST_ITEMS])))
    return _image_of_object(thing, depth)


def _is_constant(thing: Any) -> bool:
    return type(thing) is tuple and _PLAIN_KINDS.issuperset(map(type, thing))


def _image_of_object(thing: Any, depth: int) -> object:
    kind = type(thing)
    if kind.__module__ == "itertools" and kind.__name__ == "count":
        return repr(thing)
    if kind.__module__ == "unittest.mock":
        return len(thing.mock_calls)
    if isinstance(thing, type):
        if not application_package(thing.__module__):
            return None
        held = {
            k: v
            for k, v in vars(thing).items()
            if isinstance(v, (list, dict, set, *_SCALARS)) and not k.startswith("__")
        }
        return ("class", image_of(held, depth - 1))
    if application_package(kind.__module__) and hasattr(thing, "__dict__"):
        return ("object", image_of(vars(thing), depth - 1))
    return None
