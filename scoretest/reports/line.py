"""Lines: what a report says, before it is known how wide it may be."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from .._json import Json

__all__ = ["NOTHING", "Block", "Chapter", "Line", "Nothing", "Shape"]


class Nothing:
    """The absence of data, which is something else than JSON's null."""


NOTHING: Final = Nothing()
Shape: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened.

    Attributes:
        verb: What kind of thing, in one or two words.
        text: What it is about; not yet escaped.
        data: JSON that belongs to it, shown as far as there is room.
        more: Paragraphs below it.
        key: What a line must share with its neighbours to be folded with them; the
            verb is always compared, numbers of runs and data never.
    """

    verb: str
    text: str = ""
    data: "Json | Nothing" = NOTHING
    more: tuple[str, ...] = ()
    key: str = ""

    @property
    def shape(self) -> Shape:
        """What similar lines have in common."""
        return (self.verb, self.key)


@dataclass(slots=True, eq=False)
class Block:
    """Lines about one run, or about no run at all.

    Attributes:
        title: The run's short name; "" when the lines stand for themselves.
        function: The run's function.
        lines: In the order of happening.
    """

    title: str = ""
    function: str = ""
    lines: list[Line] = field(default_factory=list)

    @property
    def shape(self) -> Shape:
        """What similar blocks have in common."""
        return (self.function, bool(self.title), *(line.shape for line in self.lines))


@dataclass(slots=True, eq=False)
class Chapter:
    """A cause and everything that followed from it at the same instant.

    Attributes:
        at_us: The instant, in microseconds from the start of the trace.
        blocks: The cause first, then the runs in the order in which they joined in.
    """

    at_us: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def shape(self) -> Shape:
        """What similar chapters have in common; the instant is not compared."""
        return tuple(block.shape for block in self.blocks)
