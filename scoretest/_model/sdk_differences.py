"""How functions differ here and there: the package's here, and ours on a server.

The second half of the table of `scoretest._model.differences`.
"""

from typing import Final

from .differences import Difference

__all__ = ["CONVERTED", "NOT_BUILT", "PACKAGE"]

PACKAGE: Final = (
    Difference(
        "`step.sleep`, `RetryAfterError` (E2, D5)",
        "Count from the wall clock, in the machine's own time zone.",
        "Count from the harness's clock, in UTC.",
    ),
    Difference(
        "An event without `ts` (B5)",
        "The client stamps it with the wall clock.",
        "It has the harness's time.",
    ),
    Difference(
        "Ordinary handlers",
        "Run in a thread when the framework is async.",
        "Are called inline, so that their order is always the same.",
    ),
    Difference(
        "`raw_request` of a middleware", "Is the web framework's request.", "Is None."
    ),
    Difference(
        "Signatures, keys",
        "The package checks and asks for them.",
        "No request is signed, and no key is needed.",
    ),
    Difference(
        "Streaming", "Keeps a long response alive.", "Is off: no response takes long."
    ),
    Difference(
        "`Server-Timing` header", "Measures, with a task of its own.", "Is empty."
    ),
    Difference(
        "Memory addresses and paths in errors",
        "Are those of the machine.",
        "Are shortened, so that every machine shows the same.",
    ),
    Difference(
        "`step.ai.infer`",
        "The server calls the model.",
        "A stub answers; without one the run fails.",
        refused="would call a model, and no harness does",
    ),
    Difference(
        "Other requests of the client, such as realtime",
        "Go to the server.",
        "Are refused by name.",
        refused="harness answers",
    ),
    Difference(
        "A lost or skipped defer (A3, A12)",
        "Is logged.",
        "Is logged, and is a finding.",
    ),
    Difference(
        "A step that another entry targets and does not meet (E5)",
        "Fails the run with StepUnexpectedError.",
        "The same, and NONDETERMINISTIC.",
        code="NONDETERMINISTIC",
    ),
)
"""How functions of the real package differ here from what they are on the server."""

CONVERTED: Final = (
    Difference(
        "`event.data.input` in expressions (A9, C2)",
        "`event.data.input.x` becomes `event.data.x`; the payload as a whole, or a field "
        "whose name is computed, is refused.",
        "The payload stands in both places.",
    ),
    Difference(
        "Steps side by side outside `ctx.group.parallel` (E1)",
        "Are refused; if they begin together, before one of them runs.",
        "Run side by side.",
        refused="run side by side outside",
    ),
    Difference(
        "`batch_events` of a deferred function (F7)",
        "Is refused: the package has no such option.",
        "Starts one run for several events.",
        refused="cannot be converted: create_defer",
    ),
    Difference(
        "`on_failure` of a deferred function (D6)",
        "Is a function of its own, with the same slug.",
        "Belongs to the deferred function.",
    ),
    Difference(
        "Defers, scores and experiments",
        "Need `inngest` 0.5.20a0; with 0.5.18 and 0.5.19 they are refused.",
        "Are always there.",
        refused="inngest {} has no {}",
    ),
    Difference(
        "The end of a sleep (E2)",
        "Is cut to milliseconds before the server rounds it.",
        "Is rounded from microseconds.",
    ),
    Difference(
        "An event that the server refuses (A10)",
        "`client.send` raises the package's `SendEventsError`.",
        "It raises `UsageError`, in the server's words.",
    ),
    Difference(
        "Leaked tasks, steps that differ between entries (E5)",
        "Are not noticed.",
        "Are findings.",
    ),
    Difference(
        "What one entry does between two steps",
        "Gives way to the loop once before each step.",
        "Goes straight on.",
    ),
)
"""How functions of our SDK differ when `to_inngest` has converted them; *server* says
what they do then, *here* what they do unconverted."""

NOT_BUILT: Final = (
    Difference("Invokes", "`v=` of `invoke`.", "Refused.", refused="= of invoke"),
    Difference(
        "Model calls",
        "`ctx.step.ai` of our SDK.",
        "Refused: call the model in `step.run`.",
        refused="ctx.step.ai",
    ),
    Difference(
        "Options of functions",
        "`middleware=`, `output_type=` of our SDK.",
        "Refused.",
        refused="= of function",
    ),
    Difference(
        "Operations of a later SDK",
        "New opcodes.",
        "Refused.",
        refused="step {} is a {}",
    ),
)
"""What the server or this project's plan has and scoretest has not."""
