"""Text reaches every stream, also one that knows few characters."""

import pytest

from scoretest.cli.printing import encodable


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "a → b … 5µs · é"),
        ("ascii", r"a > b ~ 5us - \xe9"),
        ("latin-1", "a > b ~ 5us - é"),
        (None, r"a > b ~ 5us - \xe9"),
    ],
)
def test_stand_ins(encoding, shown):
    """Our own marks have stand-ins; what else cannot be said is escaped."""
    assert encodable("a → b … 5µs · é", encoding) == shown
