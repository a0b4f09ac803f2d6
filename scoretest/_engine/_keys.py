"""What a declaration's expressions give for an event: keys and numbers of seconds."""

import json
from typing import NamedTuple

from .._json import show
from .._model.event import ReceivedEvent
from .._model.options import FunctionOptions
from ..expr import Expression
from ..expr import compile as compile_expression
from ._world import World, seen_event

__all__ = ["Key", "Keys"]


class Key(NamedTuple):
    """The value of a key expression.

    Attributes:
        text: As text; of equal values the same.
        told: What to say of it after the name of the limit.
    """

    text: str
    told: str


_NO_KEY = Key("", "")


class Keys:
    """The compiled expressions of every declaration of a world, by their text."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock
        self._compiled: dict[str, Expression] = {}

    def compiled(self, text: str) -> Expression:
        """Return the expression of a text.

        Raises:
            ExpressionError: It is none.
        """
        known = self._compiled.get(text)
        if known is None:
            known = compile_expression(text, kind="trigger", clock=self._clock)
            self._compiled[text] = known
        return known

    def value(
        self, text: str, function: FunctionOptions, event: ReceivedEvent
    ) -> object:
        """Return what an expression gives; None for a missing path."""
        return self.compiled(text).value(seen_event(function, event))

    def key(
        self, text: str | None, function: FunctionOptions, event: ReceivedEvent
    ) -> Key:
        """Return what the key of a limit is for an event.

        A missing path is a value like another: all events without it share its key.
        """
        if text is None:
            return _NO_KEY
        value = self.value(text, function, event)
        as_text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
        return Key(as_text, f" on key {show(value)}")
