"""Scripts: what happens to a world, item by item, written as JSON."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from .._model.event import Event
from ..errors import UsageError, near_miss
from ..runtime.harness import Harness
from ..runtime.views import Run

__all__ = ["Script", "read_script"]

_LONGEST_S: Final = 90_000_000_000  # some 3,000 years, as for every duration

Seconds: TypeAlias = Annotated[float, Field(ge=-_LONGEST_S, le=_LONGEST_S)]
Span: TypeAlias = str | Seconds
"""A duration: text with a unit, or seconds."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Sent(_Part):
    name: str
    data: dict[str, Any] | None = None
    id: str = ""
    ts_offset_s: Seconds | None = None

    def event(self, harness: Harness) -> Event:
        """Return the event, as it is sent now."""
        ts = None
        if self.ts_offset_s is not None:
            ts = harness.now + timedelta(seconds=self.ts_offset_s)
        return Event(name=self.name, data=self.data or {}, id=self.id, ts=ts)


class _Whose(_Part):
    function: str


_KINDS: Final = ("send", "send_many", "advance", "finish", "cancel_run")


class _Item(_Part):
    send: _Sent | None = None
    send_many: list[_Sent] | None = None
    advance: Span | None = None
    finish: Span | None = None
    cancel_run: _Whose | None = None
    rejected: bool | str = False

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            message = f"one of {', '.join(_KINDS)}, not {' and '.join(given) or 'none'}"
            raise ValueError(message)
        if self.rejected and not given[0].startswith("send"):
            message = "only what is sent can be rejected"
            raise ValueError(message)
        return self

    def play(self, harness: Harness) -> None:
        """Let the item happen.

        Raises:
            UsageError: It cannot, or is not refused as it should be.
        """
        if self.advance is not None:
            harness.advance(_span(self.advance))
        elif self.finish is not None:
            harness.fast_forward(within=_span(self.finish))
        elif self.cancel_run is not None:
            harness.cancel(_newest(harness, self.cancel_run.function))
        else:
            self._send(harness, [self.send] if self.send else self.send_many or [])

    def _send(self, harness: Harness, sent: list[_Sent]) -> None:
        try:
            harness.send([one.event(harness) for one in sent])
        except UsageError as refusal:
            wanted = self.rejected if isinstance(self.rejected, str) else ""
            if not self.rejected or wanted not in refusal.what:
                raise
        else:
            if self.rejected:
                raise UsageError(
                    f"{sent[0].name!r} was taken, and should have been rejected",
                    fix='leave "rejected" out',
                )


class Script(_Part):
    """What happens to a world.

    Attributes:
        script: The items, in their order.
        start_at: When it begins, as ISO 8601 text; None for the harness's own start.
    """

    script: list[_Item]
    start_at: str | None = None

    def play(self, harness: Harness) -> None:
        """Let all of it happen.

        Raises:
            UsageError: An item cannot happen; the message names it by its number.
        """
        for number, item in enumerate(self.script):
            try:
                item.play(harness)
            except UsageError as error:
                what = f"item {number} of the script: {error.what}"
                raise type(error)(
                    what, where=error.where, seen=error.seen, fix=error.fix
                ) from None


def read_script(path: Path) -> Script:
    """Read a script: an object with the items as its ``"script"``, or their list alone.

    Raises:
        UsageError: It is neither; the message lists what does not fit.
    """
    text = path.read_bytes()
    kind: Any = list[_Item] if text.lstrip().startswith(b"[") else Script
    try:
        read: Script | list[_Item] = TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        misfits = [
            f"    {'.'.join(map(str, misfit['loc'])) or 'the file'}: {misfit['msg']}"
            for misfit in error.errors(include_url=False)
        ]
        raise UsageError(
            "\n".join([f"{str(path)!r} is no script", *misfits]),
            fix='write [{"send": {"name": "support/opened"}}, {"advance": "7d"}]',
        ) from None
    return read if isinstance(read, Script) else Script(script=read)


def _span(given: str | float) -> str | timedelta:
    return given if isinstance(given, str) else timedelta(seconds=given)


def _newest(harness: Harness, function: str) -> Run:
    """Return the newest run of a function, which is named with its app or without."""
    started = {run.function_id: run for run in harness.runs}
    for slug, run in reversed(started.items()):
        if slug == function or slug.endswith(f"-{function}"):
            return run
    raise UsageError(
        f"no run of {function!r} is there to cancel{near_miss(function, started)}",
        fix="name a function that was started before",
    )
