"""The commands of ``scoretest``, and how its errors reach a terminal."""

import json
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, cast

import click

from ..errors import ScoretestError, UsageError
from ..reports.escaping import escape, harmless
from ..reports.timeline import Timeline
from .printing import console, print_lines

__all__ = ["scoretest"]

_ERROR_STATUS: Final = 2  # as click's own usage errors
_LATE: Final = {
    "check": ".explore",
    "demo": ".demo",
    "explore": ".explore",
    "expr": ".expr",
    "run": ".run",
}


def installed_version(package: str = "scoretest") -> str:
    """Return the version of *package*, also where it runs without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


class _Commands(click.Group):
    """The group of all commands: some are imported late, none shows a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_LATE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # these need the whole of scoretest, and the help of the others does not
        if cmd_name in _LATE:
            module = import_module(_LATE[cmd_name], __package__)
            return cast("click.Command", getattr(module, cmd_name))
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:  # click's own signature
        try:
            return super().invoke(ctx)
        except ScoretestError as error:
            lines = f"scoretest: {error}".splitlines()
            safe = "\n".join(harmless(escape(line)) for line in lines)
            print_lines(safe, to_stderr=True)
            ctx.exit(_ERROR_STATUS)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(installed_version(), message="scoretest %(version)s")
def scoretest() -> None:
    """Test durable functions and deferred scorers in memory, with a virtual clock."""


@scoretest.command()
@click.argument("trace", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--width", type=int, help="Columns of the text.  [default: the terminal]")
@click.option("--all", "shows_all", is_flag=True, help="Do not fold similar lines.")
def report(trace: Path, width: int | None, *, shows_all: bool) -> None:
    """Draw the timeline of a JSON trace.

    TRACE is a file with what `harness.timeline.to_json()` returned.
    """
    timeline = Timeline.from_json(_read(trace))
    columns = console().width if width is None else width
    print_lines(timeline.render(columns, fold=not shows_all))


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{str(path)!r} is not JSON: {error}",
            fix="write it with json.dump(harness.timeline.to_json(), file)",
        ) from None
