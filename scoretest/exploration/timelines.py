"""Timelines as people read them, as codes, and as tests to paste."""

import json
from base64 import b32decode, b32encode
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

from .._json import JsonObject
from ..errors import UsageError
from ..times import Duration, Instant, format_duration
from .stage import Move

__all__ = [
    "CRASH",
    "FAILURE",
    "VARIANT",
    "Signal",
    "code_of",
    "is_code_of",
    "pasted_test",
    "signals_of",
    "signals_of_code",
]

CRASH: Final = "scoretest/crash-after-step"
"""What stands for a crash among the signals of a timeline."""
FAILURE: Final = "scoretest/failing-step"
"""What stands for a step that fails, whenever it is tried."""
VARIANT: Final = "scoretest/variant"
"""What stands for the choice of a variant among them."""
_VERSION: Final = "st1."
_MOST: Final = 64 * 1024


class Signal(NamedTuple):
    """A signal of a timeline: how long after its beginning it comes, and what it is."""

    after: Duration
    name: str
    data: JsonObject
    label: str = ""

    @property
    def is_armed(self) -> bool:
        """Whether it is no signal, but is arranged before the timeline begins."""
        return self.name in (CRASH, FAILURE, VARIANT)

    def __str__(self) -> str:
        if self.name == CRASH:
            return f"crash after step {self.data['step']!r} of {self.data['function']}"
        if self.name == FAILURE:
            return f"failing step {self.data['step']!r} of {self.data['function']}"
        if self.name == VARIANT:
            choice: Any = self.data["choice"]
            return f"variant {choice['variant']!r} of {self.data['step']!r}"
        what = json.dumps(self.data, ensure_ascii=False)
        return f"+{format_duration(self.after)} {self.name} {what}"


def signals_of(moves: Sequence[Move], start: Instant) -> tuple[Signal, ...]:
    """Return the signals among *moves*; what is between them is time alone."""
    return tuple(
        Signal(
            Duration(move.at - start),
            move.letter.name,
            dict(move.letter.data),
            move.letter.label,
        )
        for move in moves
        if move.letter is not None
    )


def code_of(signals: Sequence[Signal], scenario: str) -> str:
    """Return the replay code of a timeline of *scenario*."""
    told = [[s.after, s.name, s.data] for s in signals]
    text = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    seal = crc32(scenario.encode()).to_bytes(4, "big") + crc32(text).to_bytes(4, "big")
    return _VERSION + b32encode(seal + text).decode().rstrip("=").lower()


def signals_of_code(code: str, scenario: str) -> tuple[Signal, ...]:
    """Return the timeline of a replay code.

    Raises:
        UsageError: It is no code, is damaged, or is of another scenario.
    """
    code = "".join(code.split())  # a table breaks it over lines
    body = code.removeprefix(_VERSION)
    if body == code or len(code) > _MOST:
        raise UsageError(f"{code!r} is no replay code", fix="copy it whole: st1.…")
    try:
        raw = b32decode(body.upper() + "=" * (-len(body) % 8))
        told: Any = json.loads(raw[8:])
        signals = tuple(Signal(Duration(int(a)), str(n), dict(d)) for a, n, d in told)
    except (ValueError, TypeError) as error:
        raise _damaged(code) from error
    if crc32(raw[8:]).to_bytes(4, "big") != raw[4:8]:
        raise _damaged(code)
    if crc32(scenario.encode()).to_bytes(4, "big") != raw[:4]:
        raise UsageError(
            "the replay code belongs to another scenario: the functions, their "
            "triggers or the start events have changed",
            seen=f"this one is {scenario}",
            fix="explore again, and take the code of this scenario",
        )
    return signals


def is_code_of(code: str, scenario: str) -> bool:
    """Say whether a code is one of *scenario*, and whole."""
    try:
        signals_of_code(code, scenario)
    except UsageError:
        return False
    return True


def _damaged(code: str) -> UsageError:
    return UsageError(f"the replay code {code[:40]!r} is damaged", fix="copy it whole")


def pasted_test(
    head: Sequence[str],
    begin: Sequence[str],
    signals: Sequence[Signal],
    claim: Sequence[str],
    past: Duration,
) -> str:
    """Return a regression test that plays one timeline, which begins after *past*."""
    lines = [*head, *_indented(begin)]
    for signal in signals:
        wait = Duration(signal.after - past)
        if wait:
            lines.append(f'    harness.advance("{format_duration(wait)}")')
        lines.append(f"    sent = harness.send({signal.name!r}, {signal.data!r})")
        past = signal.after
    lines += _indented(["harness.fast_forward()", "assert harness.runs", *claim])
    return "\n".join(lines) + "\n"


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]
