"""A machine over the harness against one that does nothing: at least 70 % of its speed."""

from time import process_time

from .table import show, table

GOAL = 0.7
EXAMPLES = 100
STEPS = 20


def _harnessed() -> type:
    """Return a machine over the example of the README."""
    from scoretest import Client, Score, TriggerEvent, create_scorer  # noqa: PLC0415 -- only this benchmark needs it
    from scoretest.stateful import HarnessMachine  # noqa: PLC0415 -- as above
    from scoretest.strategies import events  # noqa: PLC0415 -- as above

    app = Client(app_id="support")

    @create_scorer(app, fn_id="speed")
    async def speed(ctx: object) -> Score:
        found = await ctx.step.wait_for_event(
            "closed",
            event="support/closed",
            timeout="2d",
            if_exp="async.data.id == event.data.id",
        )
        return Score("in-time", found is not None)

    @app.create_function(fn_id="open", trigger=TriggerEvent(event="support/opened"))
    async def opened(ctx: object) -> None:
        ctx.defer("speed", function=speed, data={"id": ctx.event.data["id"]})

    class Harnessed(HarnessMachine):
        client = app
        functions = (opened, speed)
        starts = events("support/opened", {"id": "t1"})

    return Harnessed


def _trivial() -> type:
    """Return a machine of twenty rules, none of which does anything."""
    from hypothesis import strategies as st  # noqa: PLC0415 -- only this benchmark needs it
    from hypothesis.stateful import RuleBasedStateMachine, rule  # noqa: PLC0415 -- as above

    def nothing(name: str) -> object:
        def body(self: object, n: int, m: int) -> None:
            pass

        body.__name__ = name
        return rule(n=st.integers(0, 3), m=st.integers(0, 7))(body)

    names = [f"rule{number}" for number in range(20)]
    rules = {name: nothing(name) for name in names}
    return type("Trivial", (RuleBasedStateMachine,), rules)


def _speed_of(machine: type) -> float:
    """Return the examples a machine does in a second of the processor's time."""
    from hypothesis import settings  # noqa: PLC0415 -- only this benchmark needs it
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415 -- as above

    options = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        database=None,
        derandomize=True,
        deadline=None,
    )
    start = process_time()
    run_state_machine_as_test(machine, settings=options)
    return EXAMPLES / (process_time() - start)


def main() -> dict[str, object]:
    """Run both machines in turn and print their examples a second."""
    rounds = [(_speed_of(_trivial()), _speed_of(_harnessed())) for _ in range(3)]
    plain, ours = (max(speeds) for speeds in zip(*rounds, strict=True))
    ratio = ours / plain
    rows = [
        ("trivial machine", f"{plain:,.0f}", ""),
        ("HarnessMachine", f"{ours:,.0f}", f"{ratio:.0%} (goal {GOAL:.0%})"),
    ]
    show(table(f"State machines, {STEPS} steps", ("machine", "examples/s", ""), rows))
    return {"trivial": plain, "harness": ours, "ratio": ratio}
