"""Files that an application writes on and on."""

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["appends_noted"]


@contextmanager
def appends_noted(note: Callable[[str], None]) -> Iterator[None]:
    """Note every file that is opened to be written on, but for the logs.

    Args:
        note: Is told in words what is done.
    """
    real: Any = builtins.open

    def opened(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")  # noqa: SLF001 -- who asks is all that it tells
        if "a" in mode and not caller.startswith("logging"):
            note(f"the handler appends to the file {_name(file)!r}")
        return real(file, mode, *more, **options)

    builtins.open = io.open = opened
    try:
        yield
    finally:
        builtins.open = io.open = real


def _name(file: object) -> str:
    """Return the name of a file, without the folders of one machine."""
    if isinstance(file, str | bytes | os.PathLike):
        return Path(os.fsdecode(file)).name
    return str(file)
