"""What a step's callback changes in its handler is gone on the next entry.

A callback is called once. Its handler begins anew on every entry, with the results of its
steps and with nothing else: a list that a callback has filled is empty again. A handler
that comes to something else once those changes are made again relies on what is lost.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from inspect import isawaitable
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final, NamedTuple, final

from .._engine import Engine
from .._model.effect import Enter
from .._model.operation import StepName
from ..sdk.function import AnyFunction
from .effects import image_of
from .handlers import application_package
from .stage import Move, Stage

__all__ = ["Losses"]

_DEPTH: Final = 3
_NAMELESS: Final = ("", "handler_args")  # where the step tool keeps its arguments

_Step = tuple[str, str, int]
"""A run, a step's id, and how many steps of that id the handler met before."""


class _Place(NamedTuple):
    """Something that a callback reaches; a variable when it has a *cell*."""

    name: str
    cell: Any
    thing: Any
    image: object

    def change(self) -> "_Change | None":
        """Return what has become of it, if that is something else now."""
        try:
            now = self.thing if self.cell is None else self.cell.cell_contents
            is_same = self.cell is not None and now is self.thing
            if is_same or _image(now) == self.image:
                return None
            return _Change(self.name, deepcopy(now))
        except Exception:  # noqa: BLE001 -- what cannot be copied cannot be made again
            return None

    def become(self, content: Any) -> None:
        """Take on *content*, in place."""
        mine = deepcopy(content)
        if self.cell is not None:
            self.cell.cell_contents = mine
        elif isinstance(self.thing, list):
            self.thing[:] = mine
        elif isinstance(self.thing, dict | set):
            self.thing.clear()
            self.thing.update(mine)
        else:
            vars(self.thing).update(vars(mine))


class _Change(NamedTuple):
    """What a callback has made of something: the *name* of that, and its content."""

    name: str
    content: Any

    @property
    def in_words(self) -> str:
        """What was changed: a variable, or something that the callback was given."""
        variable = self.name.partition("(")[0]
        if variable in _NAMELESS:
            return f"the {type(self.content).__name__} that it is given"
        return repr(variable)


class _Call(NamedTuple):
    """A step's callback that was handed over, and what it reaches."""

    step: _Step
    places: list[_Place]


@final
class Losses:
    """Notes what callbacks change in their handlers, and can make the changes again.

    Args:
        stage: Where the handlers are played.
        handlers: The functions whose code is entered.
    """

    def __init__(self, stage: Stage, handlers: Sequence[FunctionType]) -> None:
        self._lasting = {id(t) for handler in handlers for t in _lasting(handler)}
        self._known: dict[int, tuple[Engine, dict[_Step, list[_Change]]]] = {}
        self._changes: dict[_Step, list[_Change]] = {}
        self._calls: list[_Call] = []
        self._makes_good = False
        self._hook(stage)

    def known_in(self, engine: Engine) -> dict[_Step, list[_Change]]:
        """Return what callbacks have changed on the way to a world, by step."""
        return self._known.get(id(engine), (engine, {}))[1]

    def in_words(self, engine: Engine, run_id: str) -> str:
        """Say which callbacks of a run have changed what."""
        return " and ".join(
            f"the callback of step {step_id!r} changes "
            + ", ".join(change.in_words for change in changes)
            for (changed_run, step_id, _), changes in self.known_in(engine).items()
            if changed_run == run_id
        )

    @contextmanager
    def made_good(self) -> Iterator[None]:
        """Let handlers find what their callbacks have changed."""
        self._makes_good = True
        try:
            yield
        finally:
            self._makes_good = False

    # --- hooks --------------------------------------------------------------------

    def _hook(self, stage: Stage) -> None:
        driver = stage.driver
        self._play, self._call = stage.play, driver.stubs.call
        stage.play = self._playing  # type: ignore[method-assign]  # the explorer looks on
        driver.stubs.call = self._calling  # type: ignore[method-assign]  # likewise
        kinds = driver.registry.entry_kinds
        for slug, make_entry in list(kinds.items()):
            kinds[slug] = self._noted(make_entry)

    def _playing(self, engine: Engine, move: Move) -> Engine:
        self._calls.clear()
        self._changes = dict(self.known_in(engine))
        twin = self._play(engine, move)
        if self._changes and not self._makes_good:
            self._known[id(twin)] = (twin, self._changes)
        return twin

    def _noted(self, make_entry: Any) -> Any:
        def make(host: Any, live: Any, effect: Enter, *rest: Any) -> Any:
            entry: Any = make_entry(host, live, effect, *rest)
            counts: dict[str, int] = {}

            def come_to(step_id: str, body: Any, arguments: tuple[Any, ...]) -> None:
                index = counts.get(step_id, 0)
                counts[step_id] = index + 1
                self._come_to((effect.run_id, step_id, index), body, arguments)

            if hasattr(entry, "comes_to"):  # one of the package's
                entry.comes_to = come_to
            else:
                run = entry.run

                def run_step(step_id: str, body: Any, place: Any) -> Any:
                    come_to(step_id, body, ())
                    return run(step_id, body, place)

                entry.run = run_step
            return entry

        return make

    def _come_to(self, step: _Step, body: Any, arguments: tuple[Any, ...]) -> None:
        places = list(self._reached((body, *arguments)))
        if self._makes_good:
            mine = {place.name: place for place in places}
            for change in self._changes.get(step, ()):
                if change.name in mine:
                    mine[change.name].become(change.content)
        self._calls.append(_Call(step, places))

    def _calling(
        self, function: AnyFunction, name: StepName, body: Callable[[], object]
    ) -> object:
        call = next((c for c in reversed(self._calls) if c.step[1] == name.id), None)
        output = self._call(function, name, body)
        if isawaitable(output):
            return self._awaited(call, output)
        self._note(call)
        return output

    async def _awaited(self, call: _Call | None, output: Any) -> object:
        result = await output
        self._note(call)
        return result

    def _note(self, call: _Call | None) -> None:
        """Note what the callback of a step that has just been done has changed."""
        if call is None:
            return
        changes = [place.change() for place in call.places]
        found = [change for change in changes if change is not None]
        if found:
            self._changes[call.step] = found

    # --- what a callback reaches ----------------------------------------------------

    def _reached(self, things: tuple[Any, ...]) -> Iterator[_Place]:
        waiting = [("", thing) for thing in things]
        seen: set[int] = set(self._lasting)
        while waiting:
            name, thing = waiting.pop()
            if id(thing) in seen:
                continue
            seen.add(id(thing))
            if isinstance(thing, FunctionType):
                seen.update(map(id, thing.__globals__.values()))
                places = [p for p in _variables(thing) if id(p.cell) not in seen]
                seen.update(id(place.cell) for place in places)
                yield from places
                waiting += [(place.name, place.thing) for place in places]
            elif _holds_something(thing):
                yield _Place(f"{name}()", None, thing, _image(thing))
            waiting += [(f"{name}({n})", part) for n, part in enumerate(_parts(thing))]


def _parts(thing: object) -> tuple[Any, ...]:
    """Return what a callable, or a tuple of arguments, was put together from."""
    match thing:
        case FunctionType():
            return thing.__defaults__ or ()
        case MethodType():
            return thing.__func__, thing.__self__
        case partial():
            return (thing.func, *thing.args, *thing.keywords.values())
        case tuple():
            return thing
    return ()


def _image(thing: object) -> object:
    try:
        return image_of(thing, _DEPTH)
    except Exception:  # noqa: BLE001 -- a user's __repr__ may raise anything
        return None


def _lasting(handler: FunctionType) -> Iterator[object]:
    """Yield what a handler finds again on its next entry."""
    for cell in handler.__closure__ or ():
        yield cell
        try:
            yield cell.cell_contents
        except ValueError:  # nobody has filled it yet
            continue


def _variables(function: FunctionType) -> Iterator[_Place]:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            thing = cell.cell_contents
        except ValueError:  # nobody has filled it yet
            continue
        yield _Place(name, cell, thing, _image(thing))


def _holds_something(thing: Any) -> bool:
    """Say whether a thing has a content of its own that the explorer understands."""
    if isinstance(thing, list | dict | set):
        return True
    return (
        not isinstance(thing, type | ModuleType)
        and application_package(type(thing).__module__)
        and hasattr(thing, "__dict__")
    )
