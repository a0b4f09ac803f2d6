"""``scoretest expr``: what production makes of a match expression, and why."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

import click

from ..expr import Expression, ExpressionError, compile, standard_verdict  # noqa: A004 -- the API's own name

__all__ = ["expr"]

Event: TypeAlias = Mapping[str, object] | None

_LABEL: Final = 13


@click.command()
@click.argument("text")
@click.option("--event", help="The event that is asked about: JSON, or a file of it.")
@click.option("--trigger", help="The event that started the run: JSON, or a file.")
@click.option(
    "--dialect",
    type=click.Choice(["inngest", "cel"]),
    default="inngest",
    help="Production's dialect (the default), or standard CEL.",
)
def expr(text: str, event: str | None, trigger: str | None, dialect: str) -> None:
    """Say what production makes of the match expression TEXT.

    Prints the verdict for --event, the stored form, the reason, remarks, and what
    standard CEL would say where it differs. The exit code is 1 for an expression that
    does not register.
    """
    asked = _event(event, "--event")
    started = _event(trigger, "--trigger")
    try:
        if dialect == "cel":
            _standard(text, asked, started)
        else:
            _production(compile(text, trigger=started), asked, started)
    except ExpressionError as error:
        click.echo(f"{error.kind} error: {error}")
        raise SystemExit(1) from None


def _standard(text: str, asked: Event, started: Event) -> None:
    compile(text, dialect="cel")
    _line("standard CEL", standard_verdict(text, _variables(asked, started)))


def _production(compiled: Expression, asked: Event, started: Event) -> None:
    if asked is not None:
        verdict = "match" if compiled.matches(asked) else "no match"
        _line("verdict", verdict)
        _line("because", compiled.explain(asked))
        standard = standard_verdict(compiled.text, _variables(asked, started))
        if standard != verdict:
            _line("standard CEL", f"would say {standard}")
    _line("stored as", compiled.stored or "nothing: it never matches")
    for lint in compiled.lints:
        part = compiled.text[slice(*lint.span)]
        _line(lint.code, f"`{part}`: {lint.message}; {lint.fix}")


def _line(label: str, text: str) -> None:
    click.echo(f"{label + ':':<{_LABEL}} {text}")


def _variables(asked: Event, started: Event) -> dict[str, object]:
    events = {"async": asked, "event": started}
    return {name: event for name, event in events.items() if event is not None}


def _event(given: str | None, option: str) -> Event:
    """Read an event from JSON, or from a file of JSON."""
    if given is None:
        return None
    try:
        is_json = given.lstrip().startswith("{")
        found = json.loads(
            given if is_json else Path(given).read_text(encoding="utf-8")
        )
    except (OSError, ValueError) as wrong:
        what = f"{given!r} is neither JSON nor a file of it: {wrong}"
        raise click.BadParameter(what, param_hint=option) from None
    if not isinstance(found, dict):
        what = f"an event is a JSON object, not {found!r}"
        raise click.BadParameter(what, param_hint=option)
    return found
