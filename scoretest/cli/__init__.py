"""The command line: ``scoretest demo``, ``run``, ``check``, ``explore`` and more.

Importing this package costs nothing: what a command needs is imported when it runs.
"""

__all__ = ["main"]


def main() -> None:
    """Run the command line with the arguments of this process, and exit."""
    from .commands import scoretest  # noqa: PLC0415 -- the import is the start

    scoretest.main(prog_name="scoretest")
