"""Async tests of anyio's pytest plugin in virtual time.

Opt in with one line of conftest.py, ``from scoretest.pytest_anyio import
anyio_backend``. Every test below it that has the mark ``anyio`` then runs on a virtual
loop, and so do its async fixtures.
"""

from typing import Any

import pytest

__all__ = ["anyio_backend"]


# of a module, as anyio's own: async fixtures of a whole module need it, too
@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Return asyncio on a virtual loop, as anyio's plugin understands it."""
    from .runtime.shared_loop import SharedLoop  # noqa: PLC0415 -- only tests that ask pay for it

    return "asyncio", {"loop_factory": SharedLoop}
