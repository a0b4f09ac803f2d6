"""The user's own code, as a command imports and calls it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from ..errors import UsageError
from ..exploration.targets import place_of

__all__ = ["calling_users_code"]


@contextmanager
def calling_users_code() -> Iterator[None]:
    """Let modules of the folder be imported, and keep what they print to themselves.

    It goes to standard error: it is no part of the command's answer.

    Raises:
        UsageError: A handler ended Python.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does
    logging.getLogger("inngest").setLevel(logging.CRITICAL)  # it repeats what we tell
    with redirect_stdout(sys.stderr):
        try:
            yield
        except SystemExit as error:  # its status would pass for that of the command
            raise UsageError(
                f"a handler ended Python: SystemExit({error.code!r})",
                where=place_of(error),
                fix="raise an error that fails the run, or return",
            ) from error
