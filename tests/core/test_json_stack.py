"""JSON near the end of Python's stack."""

import sys

import pytest

from scoretest._json import NotJsonError, to_wire


def test_too_little_stack_is_an_error_of_ours():
    """A value that the rest of the stack cannot hold is refused like one too deep."""
    value: object = (1,)
    for _ in range(300):
        value = [value]

    def at_depth(frames: int) -> object:
        return to_wire(value) if frames == 0 else at_depth(frames - 1)

    depth = 0
    frame = sys._getframe()  # noqa: SLF001 -- how deep this test stands already
    while frame is not None:
        depth, frame = depth + 1, frame.f_back

    with pytest.raises(NotJsonError, match="nested deeper"):
        at_depth(sys.getrecursionlimit() - depth - 150)
