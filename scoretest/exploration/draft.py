"""What is wrong, or worth knowing, before it has a timeline."""

from typing import NamedTuple

__all__ = ["Draft"]


class Draft(NamedTuple):
    """Something that is wrong, before it has a timeline.

    Attributes:
        code: Of `CHECKS`, or of the harness.
        message: One sentence.
        function: The slug.
        fix: What to do.
        where: The place, if it is not the function's.
    """

    code: str
    message: str
    function: str
    fix: str
    where: str = ""
