"""A machine over the harness against one that does nothing: at least 70 % of its speed."""

from time import perf_counter

from .table import show, table

GOAL = 0.7
EXAMPLES = 150
STEPS = 20


def main() -> dict[str, object]:
    """Run both machines in turn and print their examples a second."""
    from hypothesis import settings  # noqa: PLC0415 -- only this benchmark needs it
    from hypothesis import strategies as st  # noqa: PLC0415 -- as above
    from hypothesis.stateful import (  # noqa: PLC0415 -- as above
        RuleBasedStateMachine,
        rule,
        run_state_machine_as_test,
    )

    from scoretest import Client, Score, TriggerEvent, create_scorer  # noqa: PLC0415 -- as above
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

    def trivial_rule(number: int) -> object:
        @rule(n=st.integers(min_value=0, max_value=3), m=st.integers(0, 7))
        def body(self: object, n: int, m: int) -> None:
            pass

        body.__name__ = f"rule{number}"
        return body

    rules = {f"rule{number}": trivial_rule(number) for number in range(10)}
    trivial = type("Trivial", (RuleBasedStateMachine,), rules)

    def speed_of(machine: type[RuleBasedStateMachine]) -> float:
        options = settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            database=None,
            derandomize=True,
            deadline=None,
        )
        start = perf_counter()
        run_state_machine_as_test(machine, settings=options)
        return EXAMPLES / (perf_counter() - start)

    rounds = [(speed_of(trivial), speed_of(Harnessed)) for _ in range(3)]
    plain, ours = (max(speeds) for speeds in zip(*rounds, strict=True))
    ratio = ours / plain
    rows = [
        ("trivial machine", f"{plain:,.0f}", ""),
        ("HarnessMachine", f"{ours:,.0f}", f"{ratio:.0%} (goal {GOAL:.0%})"),
    ]
    show(table(f"State machines, {STEPS} steps", ("machine", "examples/s", ""), rows))
    return {"trivial": plain, "harness": ours, "ratio": ratio}
