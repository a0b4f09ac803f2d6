"""`group.parallel`: steps side by side, in lock step, in their own entries."""

import pytest

from scoretest import NonRetriableError, StepError


@pytest.fixture
def log():
    """What callbacks reported, in order."""
    return []


@pytest.fixture
def noted(log):
    """A callback that reports its argument and returns it."""

    def note(value):
        log.append(value)
        return value

    return note


@pytest.mark.rule("E1")
class TestAGroup:
    """One entry plans the steps, one runs each, one goes on."""

    def test_four_steps_take_six_entries_and_one_more_for_each_step_after(
        self, on, start, log
    ):
        """Four parallel steps and one after them: seven entries, results in order."""

        @on("shop/order")
        async def order(ctx):
            def member(n):
                async def body():
                    log.append(n)
                    return n

                return lambda: ctx.step.run(f"p{n}", body)

            values = await ctx.group.parallel(tuple(member(n) for n in range(4)))
            after = await ctx.step.run("after", lambda: 10)
            return [*values, after]

        run = start("shop/order")

        assert (run.output, run.entries) == ([0, 1, 2, 3, 10], 7)
        assert log == [0, 1, 2, 3]

    def test_a_sync_handlers_group_takes_as_many(self, on, start, log, noted):
        """An ordinary function's group runs each step in an entry of its own."""

        @on("shop/order")
        def order(ctx):
            values = ctx.group.parallel(
                tuple(lambda n=n: ctx.step.run(f"p{n}", noted, n) for n in range(4))
            )
            return [*values, ctx.step.run("after", lambda: 10)]

        run = start("shop/order")

        assert (run.output, run.entries) == ([0, 1, 2, 3, 10], 7)
        assert log == [0, 1, 2, 3]

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_chains_move_in_lock_step(self, on, start, log, noted, kind):
        """Two chains of two steps: both first steps run before a second one does."""
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                async def chain(name):
                    return [await ctx.step.run(f"{name}{n}", noted, n) for n in (1, 2)]

                return list(
                    await ctx.group.parallel((lambda: chain("a"), lambda: chain("b")))
                )

        else:

            @on("shop/order")
            def order(ctx):
                def chain(name):
                    return [ctx.step.run(f"{name}{n}", noted, n) for n in (1, 2)]

                return list(
                    ctx.group.parallel((lambda: chain("a"), lambda: chain("b")))
                )

        run = start("shop/order")

        assert (run.output, run.entries) == ([[1, 2], [1, 2]], 7)
        assert log == [1, 1, 2, 2]

    def test_an_empty_group_is_nothing(self, on, start):
        """A group without members yields an empty tuple and costs no entry."""

        @on("shop/order")
        async def order(ctx):
            return list(await ctx.group.parallel(()))

        run = start("shop/order")

        assert (run.output, run.entries) == ([], 1)

    def test_a_member_may_have_no_step(self, on, start):
        """A member's plain value stands at its place among the results."""

        @on("shop/order")
        async def order(ctx):
            async def plain():
                return "plain"

            return list(
                await ctx.group.parallel((plain, lambda: ctx.step.run("a", lambda: 1)))
            )

        assert start("shop/order").output == ["plain", 1]

    def test_a_group_in_a_group_is_gathered_with_it(self, on, start, log):
        """The steps of nested groups are planned together, and run once each."""

        @on("shop/order")
        async def order(ctx):
            def step(name):
                return lambda: ctx.step.run(name, lambda: log.append(name) or name)

            async def inner():
                return list(await ctx.group.parallel((step("b"), step("c"))))

            return list(await ctx.group.parallel((step("a"), inner, step("d"))))

        run = start("shop/order")

        assert (run.output, run.entries) == (["a", ["b", "c"], "d"], 6)
        assert log == ["a", "b", "c", "d"]

    def test_groups_follow_each_other(self, on, start, log):
        """A second group begins when the first has settled."""

        @on("shop/order")
        async def order(ctx):
            for stage in (1, 2):
                await ctx.group.parallel(
                    tuple(
                        lambda name=f"{stage}{side}": ctx.step.run(
                            name, log.append, name
                        )
                        for side in "ab"
                    )
                )

        run = start("shop/order")

        assert (log, run.entries) == (["1a", "1b", "2a", "2b"], 7)

    def test_only_functions_are_members(self, harness, on, start):
        """A coroutine in place of a function is refused with the right way."""

        @on("shop/order", retries=0)
        async def order(ctx):
            await ctx.group.parallel((7,))

        run = start("shop/order")

        assert run.error.message == "group.parallel takes functions, not 7"
        harness.allow("USAGE_ERROR", reason="the member is wrong on purpose")


@pytest.mark.rule("E1", "E2", "B7")
def test_a_group_may_mix_all_kinds_of_steps(harness, on, start):
    """A call, a sleep and a wait settle each in their time; then the handler goes on."""

    @on("shop/order")
    async def order(ctx):
        ran, slept, paid = await ctx.group.parallel(
            (
                lambda: ctx.step.run("run", lambda: "ran"),
                lambda: ctx.step.sleep("sleep", "3s"),
                lambda: ctx.step.wait_for_event(
                    "wait", event="shop/paid", timeout="1h"
                ),
            )
        )
        return [ran, slept, paid.name]

    run = start("shop/order")
    harness.advance("10s")

    assert (run.status, run.entries) == ("Running", 2)
    assert [(step.id, step.status) for step in run.steps] == [
        ("wait", "Waiting"),
        ("run", "Completed"),
        ("sleep", "Completed"),
    ]

    harness.send("shop/paid")

    assert (run.output, run.entries) == (["ran", None, "shop/paid"], 3)


@pytest.mark.rule("D3", "E1")
class TestFailingMembers:
    """A member that fails for good raises out of the group when all have settled."""

    def test_the_others_are_done_before_the_error_is_seen(
        self, harness, on, start, log
    ):
        """A sleeping neighbour finishes although the failure came first."""

        @on("shop/order", retries=0)
        async def order(ctx):
            async def slow():
                await ctx.step.sleep("nap", "1h")
                await ctx.step.run("late", log.append, "late")

            def bad():
                raise ValueError("bad")

            try:
                await ctx.group.parallel((lambda: ctx.step.run("bad", bad), slow))
            except StepError as error:
                log.append(error.message)

        run = start("shop/order")

        assert log == []

        harness.fast_forward()

        assert (run.status, run.duration) == ("Completed", "1h")
        assert log[0] == "bad"

    def test_uncaught_it_fails_the_run(self, harness, on, start):
        """The run fails with the step's own error when the group has settled."""

        @on("shop/order", retries=1)
        async def order(ctx):
            def bad():
                raise ValueError("bad")

            await ctx.group.parallel(
                (
                    lambda: ctx.step.run("good", lambda: 1),
                    lambda: ctx.step.run("bad", bad),
                )
            )

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.error.name, run.error.message) == (
            "Failed",
            "ValueError",
            "bad",
        )
        assert [(s.id, s.status, s.attempts) for s in run.steps] == [
            ("good", "Completed", 1),
            ("bad", "Failed", 2),
        ]

    def test_of_two_failures_the_first_member_is_raised(self, harness, on, start):
        """Both have used up their attempts; the first one in the group is caught."""

        @on("shop/order", retries=1)
        async def order(ctx):
            def fail(name):
                raise ValueError(name)

            try:
                await ctx.group.parallel(
                    (
                        lambda: ctx.step.run("a", fail, "a"),
                        lambda: ctx.step.run("b", fail, "b"),
                    )
                )
            except StepError as error:
                return error.message

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.duration) == ("a", "15s")
        assert [step.attempts for step in run.steps] == [2, 2]


@pytest.mark.rule("E1", "A4")
class TestAGroupInAGroup:
    """An entry for one step passes over the steps of other branches, as the package."""

    def test_the_code_behind_an_inner_group_sees_what_is_left(self, on, start):
        """The entry for `c` goes on behind the inner group without `a` and `b`."""
        seen = []

        @on("shop/order")
        async def order(ctx):
            async def inner():
                found = await ctx.group.parallel(
                    (
                        lambda: ctx.step.run("a", lambda: 1),
                        lambda: ctx.step.run("b", lambda: 2),
                    )
                )
                seen.append(list(found))
                return list(found)

            both = (inner, lambda: ctx.step.run("c", lambda: 3))
            return list(await ctx.group.parallel(both))

        run = start("shop/order")

        assert (run.output, seen) == ([[1, 2], 3], [[], [1, 2]])

    def test_who_needs_all_of_them_fails(self, on, start):
        """Unpacking raises there, and the run fails as in production."""

        @on("shop/order", retries=0)
        async def order(ctx):
            async def inner():
                one, two = await ctx.group.parallel(
                    (
                        lambda: ctx.step.run("a", lambda: 1),
                        lambda: ctx.step.run("b", lambda: 2),
                    )
                )
                return one + two

            both = (inner, lambda: ctx.step.run("c", lambda: 3))
            return list(await ctx.group.parallel(both))

        run = start("shop/order")

        assert (str(run.status), run.error.name) == ("Failed", "ValueError")


def refuse():
    """Refuse for good."""
    raise NonRetriableError("no")


@pytest.mark.rule("E1", "D4")
class TestWhatABranchCatches:
    """The entry of its step goes on with that branch alone, and the run is over."""

    def test_in_a_coroutine(self, on, start):
        """The other branch's step is passed over, and never runs again."""

        @on("shop/order")
        async def order(ctx):
            async def careful():
                try:
                    return await ctx.step.run("refused", refuse)
                except NonRetriableError:
                    return "caught"

            both = (lambda: ctx.step.run("a", lambda: 1), careful)
            return list(await ctx.group.parallel(both))

        run = start("shop/order")

        assert (run.output, run.entries) == (["caught"], 3)

    def test_in_an_ordinary_function(self, on, start):
        """The same without `await`."""

        @on("shop/order")
        def order(ctx):
            def careful():
                try:
                    return ctx.step.run("refused", refuse)
                except NonRetriableError:
                    return "caught"

            both = (lambda: ctx.step.run("a", lambda: 1), careful)
            return list(ctx.group.parallel(both))

        run = start("shop/order")

        assert (run.output, run.entries) == (["caught"], 3)


@pytest.mark.rule("E5")
def test_a_group_without_the_step_that_was_planned_is_told(harness, on, start):
    """Another branch on each entry: the run goes on, and the finding says why."""
    turns = []

    @on("shop/order", retries=0)
    async def order(ctx):
        turns.append(1)
        name = f"draw-{len(turns)}"
        both = (
            lambda: ctx.step.run("a", lambda: 1),
            lambda: ctx.step.run(name, lambda: 2),
        )
        return list(await ctx.group.parallel(both))

    run = start("shop/order")

    assert run.output == []
    assert {finding.code for finding in harness.findings} == {"NONDETERMINISTIC"}
    harness.allow("NONDETERMINISTIC", reason="the mistake is the point")
