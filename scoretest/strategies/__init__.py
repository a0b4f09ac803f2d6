"""Hypothesis strategies for worlds: events, signals, instants, timelines, schedules."""

from ._drawing import (
    durations,
    events,
    harnesses,
    moments,
    near_signals_of,
    schedules,
    signals_of,
    timelines,
)
from ._moves import Advance, Match, Miss, Move, Send, Timeline, ToEdge
from ._schemas import data_of

__all__ = [
    "Advance",
    "Match",
    "Miss",
    "Move",
    "Send",
    "Timeline",
    "ToEdge",
    "data_of",
    "durations",
    "events",
    "harnesses",
    "moments",
    "near_signals_of",
    "schedules",
    "signals_of",
    "timelines",
]
