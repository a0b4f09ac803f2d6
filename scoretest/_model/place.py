"""Places in the user's code."""

from typing import TypeAlias

__all__ = ["Place", "short_place", "told"]

Place: TypeAlias = tuple[str, int]
"""A file and a line, as Python gives them; made into text only when it is told."""


def short_place(filename: str, line: int) -> str:
    """Return ``folder/file.py:12``: enough to find it, and free of the machine's paths."""
    parts = filename.replace("\\", "/").rsplit("/", 2)
    return "/".join(parts[-2:]) + f":{line}"


def told(place: Place | str) -> str:
    """Return *place* as text."""
    return place if isinstance(place, str) else short_place(*place)
