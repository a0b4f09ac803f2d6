"""``scoretest demo``: a week at a support desk, lived through in milliseconds."""

from collections.abc import Iterable
from time import perf_counter

import click
from rich import box
from rich.table import Table

from ..demo import play
from ..runtime.harness import Harness
from ..runtime.views import ScoreRecord
from ..times import format_duration, to_duration
from .printing import print_lines, print_table

__all__ = ["demo"]

_INTRO = """\
A support desk answers tickets. How good was each answer? Nobody knows yet: a
scorer waits up to seven days for the customer's feedback, and scores the answer
then.

Three customers write. One is happy, one is not, one never says a word.
"""


@click.command()
def demo() -> None:
    """Live through seven days at a support desk, in virtual time."""
    begin = perf_counter()
    with Harness() as harness:
        started_at = harness.now
        play(harness)
        took_ms = (perf_counter() - begin) * 1000
        passed = to_duration(harness.now - started_at, what="the demo")
        print_lines(_INTRO)
        print_lines(f"{harness.timeline}\n")
        print_table(_table(harness.scores))
    print_lines(f"\n{format_duration(passed)} of virtual time in {took_ms:.0f} ms.")


def _table(scores: Iterable[ScoreRecord]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in ("ticket", "signal", "user-feedback", "written at"):
        table.add_column(
            header, justify="right" if header == "user-feedback" else "left"
        )
    for score in scores:
        row = (
            _ticket(score),
            _signal(score),
            str(score.value),
            f"{score.at:%a %d %b %H:%M}",
        )
        table.add_row(*row)
    return table


def _ticket(score: ScoreRecord) -> str:
    run = score.run
    return str(run.event.data["ticketId"]) if run else score.run_id


def _signal(score: ScoreRecord) -> str:
    """Return what the customer said, as the scorer's wait has it."""
    scorer = score.scorer
    feedback = scorer.steps[0].output if scorer else None
    if not isinstance(feedback, dict) or not isinstance(feedback["data"], dict):
        return "none in 7 days"
    return "helpful" if feedback["data"]["helpful"] else "not helpful"
