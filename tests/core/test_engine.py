"""The engine alone: commands in, effects and facts out."""

from scoretest._engine import Engine
from scoretest._model.command import EntryReturned, SendEvent
from scoretest._model.effect import Enter
from scoretest._model.fact import DeferAborted, RunCompleted
from scoretest._model.operation import DeferAbort, Returned
from scoretest._model.options import FunctionKind, FunctionOptions, TriggerEvent
from scoretest.times import Instant


def entered() -> tuple[Engine, Enter]:
    """Return an engine with one run, and what it asked for."""
    engine = Engine(start=Instant(0))
    engine.register(
        FunctionOptions(
            slug="shop-order",
            app_id="shop",
            triggers=(TriggerEvent(event="order"),),
            retries=None,
            kind=FunctionKind.ORDINARY,
            place="app.py:1",
        )
    )
    sent = SendEvent(internal_id=engine.new_event_id(), name="order", data={})
    (enter,) = engine.apply(sent)
    return engine, enter


def facts(engine: Engine, kind: type) -> list[object]:
    """Return the facts of one kind."""
    return [entry.fact for entry in engine.trace if type(entry.fact) is kind]


def test_an_event_asks_for_an_entry():
    """The run's first entry is its first attempt, and for all steps."""
    _, enter = entered()

    assert (enter.entry, enter.attempt, enter.target) == (1, 0, "")


def test_an_answer_after_the_end_is_dropped():
    """A run ends once; what another entry of it says then changes nothing."""
    engine, enter = entered()
    answer = EntryReturned(
        run_id=enter.run_id, entry=enter.entry, outcome=Returned("done")
    )
    engine.apply(answer)

    engine.apply(answer)

    assert facts(engine, RunCompleted) == [RunCompleted(enter.run_id, "done")]


def test_a_second_abort_of_one_defer_is_no_fact():
    """An abort is final, so a repeated one says nothing new."""
    engine, enter = entered()
    abort = DeferAbort("c0ffee")

    engine.apply(
        EntryReturned(
            run_id=enter.run_id,
            entry=enter.entry,
            operations=(abort, abort),
            outcome=Returned(None),
        )
    )

    assert facts(engine, DeferAborted) == [DeferAborted(enter.run_id, "c0ffee")]
