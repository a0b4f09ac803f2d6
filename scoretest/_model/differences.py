"""Where the harness is known to differ from the server: the table that the page shows.

Each difference says what it is about (a rule, or a word), what the server does and what
the harness does. What is refused or copied somewhere in the code names the place, so
that a test can hold the table against the code.
"""

from typing import Final

from .record import record

__all__ = [
    "ACCIDENTS",
    "FRIENDLIER",
    "LATENCY",
    "LOUDER",
    "ORDER",
    "Difference",
]


@record
class Difference:
    """One known difference.

    Attributes:
        about: The rules, such as ``"A3"``, or what it is about.
        server: What the server does, or its SDK.
        here: What the harness does.
        code: The finding that tells of it, or "".
        copied: The module in which ``quirks="exact"`` copies the server, or "".
        refused: Words of the error that refuses it, or "".
    """

    about: str
    server: str
    here: str
    code: str = ""
    copied: str = ""
    refused: str = ""


ORDER: Final = (
    Difference(
        "A8",
        "The deferred functions of a run start in any order.",
        "In the order of the `defer` calls.",
    ),
    Difference(
        "B6",
        "Of several matching events sent close together, any may win.",
        "The first that was sent.",
    ),
    Difference(
        "F1",
        "An event that starts, resumes and cancels does so in any order.",
        "It cancels first, then starts, then resumes.",
    ),
    Difference(
        "I1",
        "Runs and waits that one event starts or resumes do so in any order.",
        "In the order of serving, and of opening.",
    ),
    Difference(
        "E1",
        "The steps of a parallel group run in any order.",
        "In the order in which they were written.",
    ),
    Difference(
        "F3",
        "Of two events with one id, sent at once, either may start the function.",
        "The first.",
    ),
    Difference(
        "F4",
        "Under a limit of concurrency, runs that came close together go in any order.",
        "The oldest first; an older run's next step before a younger run's first.",
    ),
    Difference(
        "G2",
        "On SQLite, any of several writes of one score may survive; on Postgres the "
        "last.",
        "The last.",
    ),
)
"""One order, where the server has none."""

LATENCY: Final = (
    Difference(
        "A1, B12",
        "A deferred run or a resumed one starts some tenths of a second later.",
        "At the same instant.",
    ),
    Difference(
        "B9",
        "An event just before the end of the timeout may come too late.",
        "Until the timeout is over it is in time.",
    ),
    Difference(
        "D1",
        "Up to 30 seconds of chance are added to each delay between attempts.",
        "None.",
    ),
    Difference("F4", "A free place may be noticed two seconds late.", "At once."),
    Difference(
        "H2",
        "A cron's run begins some 70 ms after the minute.",
        "On the minute.",
    ),
    Difference(
        "H2",
        "A cron with `jitter=` is late by chance.",
        "By what follows from the seed, in whole seconds.",
    ),
    Difference(
        "B1",
        "An event received up to five seconds before the wait may match it, in theory.",
        "It does not match.",
    ),
)
"""No latency and no chance, where the server has some."""

LOUDER: Final = (
    Difference(
        "A3",
        "A defer is lost when its handler fails in the same entry.",
        "The same, and the finding DEFER_LOST.",
        code="DEFER_LOST",
    ),
    Difference(
        "A6, A12",
        "An invalid defer, or a second one of one id, is logged and skipped.",
        "The same, and DEFER_SKIPPED.",
        code="DEFER_SKIPPED",
    ),
    Difference(
        "A7",
        "Of more than 20 defers, some are rejected; which ones is a race.",
        "The first 20 stay, and DEFER_LIMIT.",
        code="DEFER_LIMIT",
    ),
    Difference(
        "A10",
        "A defer whose function is not registered does nothing.",
        "The same, and DEFER_LOST.",
        code="DEFER_LOST",
    ),
    Difference(
        "C9",
        "An expression that cannot be evaluated in part is tried 21 times, then the run "
        "stays Running for ever.",
        "The run fails at once with INVALID_EXPRESSION, whose text says what production "
        "would do.",
        code="INVALID_EXPRESSION",
    ),
    Difference(
        "F1, A3",
        "What an entry wants deferred is lost when its run is cancelled meanwhile.",
        "The same, and DEFER_LOST.",
        code="DEFER_LOST",
    ),
    Difference(
        "F1, C9",
        "A cancel whose expression cannot take the run's values never cancels; a "
        "warning is logged.",
        "The same, and INVALID_EXPRESSION.",
        code="INVALID_EXPRESSION",
    ),
    Difference(
        "H3",
        "A development server takes event names of more than 512 characters.",
        "They are refused, as by the limits of the server's sources.",
    ),
    Difference(
        "E3",
        "The caller of a run that is cancelled is given an event in place of a result.",
        "The same, and INVOKE_CANCELLED.",
        code="INVOKE_CANCELLED",
    ),
    Difference(
        "H1",
        "A wildcard elsewhere than at the end of a name is registered and never "
        "matches.",
        "The same, and TRIGGER_DEAD.",
        code="TRIGGER_DEAD",
    ),
    Difference(
        "F8",
        "A priority that is no whole number, as every number of JSON, is ignored.",
        "The same, and OPTION_IGNORED.",
        code="OPTION_IGNORED",
    ),
    Difference(
        "E5",
        "A handler with other steps on each pass is not noticed.",
        "The same, and NONDETERMINISTIC.",
        code="NONDETERMINISTIC",
    ),
)
"""What production passes over in silence, and the harness tells."""

ACCIDENTS: Final = (
    Difference(
        "C9",
        "An expression that cannot be evaluated in part is tried 21 times, and the run "
        "stays Running.",
        "The run fails at once.",
        copied="scoretest/_engine/_steps.py",
    ),
    Difference(
        "C12",
        "From 50 open waits on one event name another matcher is asked, which misses "
        "some expressions.",
        "Each wait is asked for itself; a remark tells of such expressions.",
        copied="scoretest/_engine/_steps.py",
    ),
    Difference(
        "F6, X1",
        "The timeout of a debounce is put off by events that come fast: every half "
        "second in the recording, within a second of each other here.",
        "It is enforced.",
        copied="scoretest/_engine/_intake.py",
    ),
    Difference(
        "X2",
        "A batch that fills slowly starts at its timeout, though it is full.",
        "It starts when it is full.",
        copied="scoretest/_engine/_intake.py",
    ),
)
"""What the server does by accident; `quirks="exact"` copies it."""

FRIENDLIER: Final = (
    Difference(
        'Concurrency of scope `"env"` or `"account"` (F4)',
        "Counts every app of the environment or account.",
        "Counts every function that the harness serves; a note in the timeline says so.",
    ),
    Difference(
        "Deferred payload (A9)",
        "In `event.data`.",
        "There, and under `event.data.input` too, unless it has an `input` of its own.",
    ),
    Difference(
        "`asyncio.gather` of steps (E1)",
        "The SDK runs the steps one after the other.",
        "They run side by side, as in `ctx.group.parallel`.",
    ),
    Difference(
        "`on_failure` of a deferred function (D6)",
        "The SDK's `create_defer` has no such option.",
        "It is an option of `create_defer` and `create_scorer`.",
    ),
    Difference(
        "Scores as steps (G3)",
        "The SDK has `client.score`, which is no step.",
        "There are `ctx.step.score` and scorers too, which write once.",
    ),
    Difference(
        "Experiments (G6)",
        "The Python SDK has `fixed` and `bucket`, and no scorers.",
        "`weighted` and `custom` too, as in TypeScript; a scorer's score counts for the "
        "variant that its defer carries.",
    ),
    Difference(
        "Age of a run id (G5)",
        "A score for a very old run id hangs.",
        "It is stored.",
    ),
    Difference(
        "Result of the last response (A13)",
        "One API call shows an empty output for a run that defers and ends in one "
        "response.",
        "The output is there.",
    ),
)
"""What the harness and our SDK do beyond the server and its SDK."""
