"""The client: an app's identity, its functions, and its way to send and to score.

A client belongs to no server. A harness that serves it adds itself; a call made inside
a handler goes to the world that runs the handler, and any other call to the one open
harness that serves the client.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar, final
from weakref import ref

from .._model.event import Event
from .._model.experiment import ExperimentRef, checked_ref
from .._model.flow import (
    Batch,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Throttle,
    TriggerCron,
)
from .._model.life import Cancel, Singleton, Timeouts
from .._model.options import FunctionKind, TriggerEvent
from .._model.ports import WorldPort
from .._model.score import InvalidScoreError, Score, ScoreValue, check_score
from ..errors import UsageError
from .arguments import event_list
from .current import current_port
from .failure import with_failure_handler
from .flow import checked_triggers, flow_options
from .function import (
    Function,
    Handler,
    checked_name_of,
    checked_slug_part,
    describe,
    refuse_unbuilt,
)
from .life import life_options
from .places import caller
from .scoring import check_run, check_target
from .sessions import sent_by_client

__all__ = ["Client"]

T = TypeVar("T")
Trigger: TypeAlias = TriggerEvent | TriggerCron

_NO_EXPERIMENT = object()  # None would be a mistake of who scores an experiment


@final
class Client:
    """An app: what its functions are made with, and what it sends through.

    Args:
        app_id: The app's name; the prefix of its functions' slugs.
        logger: Where handlers log to; by default ``logging.getLogger("scoretest")``.
    """

    def __init__(self, app_id: str, *, logger: logging.Logger | None = None) -> None:
        checked_slug_part("app_id", app_id, example="support")
        self.app_id = app_id
        self.logger = logger or logging.getLogger("scoretest")
        self._worlds: list[ref[WorldPort]] = []

    def __repr__(self) -> str:
        return f"Client(app_id={self.app_id!r})"

    # --- functions --------------------------------------------------------------

    def create_function(  # noqa: PLR0913 -- the options of a function, all of them named
        self,
        *,
        fn_id: str,
        trigger: Trigger | list[Trigger],
        retries: int | None = None,
        name: str | None = None,
        on_failure: Handler[Any] | None = None,
        batch_events: Batch | None = None,
        cancel: list[Cancel] | None = None,
        concurrency: list[Concurrency] | None = None,
        debounce: Debounce | None = None,
        idempotency: str | None = None,
        priority: Priority | None = None,
        rate_limit: RateLimit | None = None,
        singleton: Singleton | None = None,
        throttle: Throttle | None = None,
        timeouts: Timeouts | None = None,
        **unbuilt: object,
    ) -> Callable[[Handler[T]], Function[T]]:
        """Make a function that events start, or the clock.

        Args:
            fn_id: Its id within the app.
            trigger: The event or the cron that starts it, or several.
            retries: How many attempts may follow the first, 0 to 20; the default is 4.
            name: A name for people; nothing depends on it.
            on_failure: A handler that runs, once, when a run has failed.
            batch_events: Starts one run for several events.
            cancel: The events that cancel a run.
            concurrency: How many steps may execute at a time; at most two limits.
            debounce: Starts one run when events have paused, with the last one.
            idempotency: An expression; each of its values starts one run in 24 hours.
            priority: Puts a run ahead of others, or behind them.
            rate_limit: How many events may start a run in a period; the rest start none.
            singleton: Lets only one run of a key be active at a time.
            throttle: How many runs may start in a period; the rest start later.
            timeouts: How long a run may take to start and to finish.
            **unbuilt: The real SDK's other options; each is refused by name until built.

        Source: rules D1, D6, F1 to F9, H1, H2.
        """
        refuse_unbuilt(fn_id, unbuilt)
        triggers = checked_triggers(fn_id, trigger)
        checked_name_of(fn_id, name)
        life = life_options(
            fn_id,
            cancel=cancel,
            idempotency=idempotency,
            singleton=singleton,
            timeouts=timeouts,
        )
        flow = flow_options(
            fn_id,
            batch_events=batch_events,
            concurrency=concurrency,
            debounce=debounce,
            priority=priority,
            rate_limit=rate_limit,
            throttle=throttle,
        )

        def decorate(handler: Handler[T]) -> Function[T]:
            kind = FunctionKind.ORDINARY
            options = describe(
                self.app_id,
                fn_id,
                handler,
                kind=kind,
                triggers=triggers,
                retries=retries,
            )
            function = Function(replace(options, life=life, flow=flow), handler)
            with_failure_handler(function, on_failure, fn_id)
            return function

        return decorate

    # --- events -----------------------------------------------------------------

    async def send(self, events: Event | list[Event]) -> list[str]:
        """Send events and return the server's ids (rule E4).

        Inside a handler this is no step: it repeats with every entry of the handler.
        """
        outgoing = sent_by_client(self, event_list(events))
        return await self.find_world("send").asend(outgoing)

    def send_sync(self, events: Event | list[Event]) -> list[str]:
        """Send events, from code that cannot await, and return the server's ids."""
        outgoing = sent_by_client(self, event_list(events))
        return self.find_world("send_sync").send(outgoing)

    # --- scores -----------------------------------------------------------------

    async def score(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None = None
    ) -> None:
        """Write a score onto a run, or onto one of its steps.

        Inside a handler this is no step: it repeats with every entry of the handler
        (rule G3). `ctx.step.score` writes once.

        Source: rules G1 to G5.
        """
        self._score("score", Score(name, value), run_id, step_id)

    def score_sync(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None = None
    ) -> None:
        """Write a score, from code that cannot await."""
        self._score("score_sync", Score(name, value), run_id, step_id)

    def _score(
        self,
        verb: str,
        score: Score,
        run_id: str,
        step_id: str | None,
        experiment: object = _NO_EXPERIMENT,
    ) -> None:
        try:
            check_score(score.name, score.value)
            check_target(run_id, step_id, is_run_needed=True)
            ref = None if experiment is _NO_EXPERIMENT else checked_ref(experiment)
            world = self.find_world(verb)
            check_run(run_id)
        except InvalidScoreError as error:
            port = current_port.get()
            if port is not None:
                port.report("SCORE_INVALID", error.what, error.fix, caller(3))
            raise
        if ref is not None:
            world.assign_variant(ref, run_id=run_id, step_id=step_id)
        world.write_score(
            name=score.name, value=score.value, run_id=run_id, step_id=step_id
        )

    async def score_experiment(
        self,
        *,
        experiment: ExperimentRef,
        name: str,
        value: ScoreValue,
        run_id: str,
        step_id: str | None = None,
    ) -> None:
        """Write a score that counts for a variant of an experiment.

        Two writes: the run, or the step, is assigned to the variant, then scored. A
        target has one assignment, so that another one takes all its scores with it,
        without a word. Inside a handler this is no step (rule G3).

        Args:
            experiment: The `experiment_ref` of the result of `ctx.group.experiment`,
                or ``ctx.parents[0].experiment``; as a mapping after JSON.
            name: What was measured.
            value: A finite number or a bool.
            run_id: The run that took the variant.
            step_id: One of its steps to score instead of the run.

        Source: rules G4 and G6.
        """
        score = Score(name, value)
        self._score("score_experiment", score, run_id, step_id, experiment)

    def score_experiment_sync(
        self,
        *,
        experiment: ExperimentRef,
        name: str,
        value: ScoreValue,
        run_id: str,
        step_id: str | None = None,
    ) -> None:
        """Write a score for a variant, from code that cannot await."""
        score = Score(name, value)
        self._score("score_experiment_sync", score, run_id, step_id, experiment)

    # --- worlds -----------------------------------------------------------------

    def attach(self, world: WorldPort) -> None:
        """Let calls from application code reach *world*; for who serves the client."""
        self._worlds.append(ref(world))

    def detach(self, world: WorldPort) -> None:
        """Forget *world*; for who served the client."""
        self._worlds = [w for w in self._worlds if w() not in (None, world)]

    def find_world(self, verb: str) -> WorldPort:
        """Return where a call of *verb* made here goes; for who stands in for a client.

        Raises:
            UsageError: No open harness serves the client, or several do.
        """
        port = current_port.get()
        if port is not None:
            return port
        worlds = [world for w in self._worlds if (world := w()) is not None]
        if len(worlds) == 1:
            return worlds[0]
        how = (
            "no open harness serves" if not worlds else f"{len(worlds)} harnesses serve"
        )
        raise UsageError(
            f"client.{verb} does not know where to go: {how} the app {self.app_id!r}",
            fix="call harness.serve(client, functions=[...]) first"
            if not worlds
            else "close one of them, or send with harness.send(...)",
        )
