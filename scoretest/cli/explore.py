"""``scoretest explore`` and ``scoretest check``: every timeline of a module's functions."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from .._model.event import Event
from ..errors import UsageError
from ..exploration import Exploration
from ..exploration.explorer import explore as explore_functions
from ..exploration.targets import find_target
from ..reports.escaping import escape
from .printing import print_lines
from .users_code import calling_users_code

__all__ = ["check", "explore"]

_START_HELP: Final = "A file with the event that begins, or a list of events, as JSON."


@click.command()
@click.argument("target")
@click.option("--start", type=click.Path(exists=True, path_type=Path), help=_START_HELP)
@click.option("--max-signals", default=3, show_default=True, help="In one timeline.")
@click.option("--replay", help="Print the timeline of a code of `scoretest check`.")
def explore(
    target: str, start: Path | None, max_signals: int, replay: str | None
) -> None:
    """Print which signals lead to which scores.

    TARGET is `module` or `module:attribute`. Its START, a list of events, begins,
    unless --start says otherwise; without both, the data of the first trigger are
    found out.
    """
    found = _explored(target, start, max_signals)
    if replay is not None:
        print_lines(str(found.replay(replay)))
    else:
        print_lines("\n\n".join(map(str, found.tables())))


@click.command()
@click.argument("target")
@click.option("--start", type=click.Path(exists=True, path_type=Path), help=_START_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--max-signals", default=3, show_default=True, help="In one timeline.")
def check(target: str, start: Path | None, max_signals: int, *, as_json: bool) -> None:
    """Look for mistakes on every timeline.

    The exit code is 1 if there are any.

    TARGET is as for `scoretest explore`.
    """
    found = _explored(target, start, max_signals)
    if as_json:
        print_lines(json.dumps(_document(target, found), indent=2))
    else:
        notes = [f"note: {note}" for note in found.notes]
        lines = [*map(str, found.findings), *notes, repr(found)[1:-1]]
        shown = "\n".join(escape(line) for text in lines for line in text.splitlines())
        print_lines(shown)
    if found.findings:
        raise SystemExit(1)


def _document(target: str, found: Exploration) -> dict[str, Any]:
    return {
        "target": target,
        "tables": [table.to_json() for table in found.tables()],
        "findings": [finding.to_json() for finding in found.findings],
        "notes": [note.to_json() for note in found.notes],
        "exhaustive": found.is_exhaustive,
        "nodes": found.nodes,
    }


def _explored(name: str, start: Path | None, max_signals: int) -> Exploration:
    with calling_users_code():
        target = find_target(name)
        starts = target.starts if start is None else _events(start)
        return explore_functions(
            *target.functions,
            start=starts,
            beside=target.beside,
            max_signals=max_signals,
        )


def _events(path: Path) -> list[Event]:
    try:
        read = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{str(path)!r} is not JSON: {error}",
            fix='write {"name": ..., "data": ...}',
        ) from None
    return [_event(item, path) for item in (read if isinstance(read, list) else [read])]


def _event(item: object, path: Path) -> Event:
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        raise UsageError(
            f"{str(path)!r} holds no event, but {item!r}"[:200],
            fix='write {"name": "support/ticket.created", "data": {...}}',
        )
    return Event(name=item["name"], data=item.get("data") or {})
