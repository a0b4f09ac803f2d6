"""The real package: bugs about being entered again, in this process or in another."""

import datetime as dt
import random  # noqa: TID251 -- a handler of an application leaves things to it
import time
import zlib
from typing import ClassVar

import inngest

from .real_kit import CREATED, DAY, app, parent, scorer, wait
from .real_signals import quality

seen: set[str] = set()
is_warm = False


class Metrics:
    """What a class of the application counts."""

    started = 0
    known: ClassVar[set[str]] = set()

    @classmethod
    def start(cls):
        """Count a start."""
        cls.started += 1

    def is_new(self, key):
        """Say whether this process has not met *key* yet."""
        is_known = key in self.known
        self.known.add(key)
        return not is_known


metrics = Metrics()


@parent("EFFECT_REPEATED")
def a_count_of_a_class_between_steps(_, fixed):
    async def handler(ctx):
        async def count():
            Metrics.start()

        if not fixed:
            Metrics.start()
        await ctx.step.run("count", count)
        await ctx.step.sleep("rest", DAY)

    return handler


@app("EFFECT_REPEATED")
def an_event_of_the_client_between_steps(client, fixed):
    @client.create_function(fn_id="parent", trigger=CREATED)
    def parent_(ctx: inngest.ContextSync):
        hello = inngest.Event(name="shop/hello", data={"to": ctx.event.data["user"]})
        if fixed:
            ctx.step.send_event("hello", hello)
        else:
            client.send_sync(hello)
        ctx.step.sleep("rest", DAY)
        ctx.step.send_event("again", inngest.Event(name="shop/again"))

    return [parent_]


@scorer("EFFECT_REPEATED")
def a_score_before_the_wait(client, fixed):
    async def handler(ctx):
        def start():
            run_id = ctx.parents[0].run_id
            return client.score(name="started", value=True, run_id=run_id)

        await (ctx.step.run("start", start) if fixed else start())
        await quality(client, ctx, await wait(ctx) is not None)

    return handler


@scorer("NONDETERMINISTIC")
def a_ticket_that_this_process_has_met(client, fixed):
    async def handler(ctx):
        ticket = ctx.event.data["ticketId"]
        is_first = fixed or ticket not in seen
        seen.add(ticket)
        if is_first:
            await ctx.step.sleep("warm-up", DAY)
        await ctx.step.run("score", lambda: quality(client, ctx, 1))

    return handler


@scorer("NONDETERMINISTIC")
def a_switch_of_the_module(client, fixed):
    async def handler(ctx):
        global is_warm  # noqa: PLW0603 -- that is the bug

        async def load():
            return "model"

        if fixed or not is_warm:
            is_warm = not fixed
            await ctx.step.run("load", load)
        await quality(client, ctx, await wait(ctx) is not None)

    return handler


@parent("NONDETERMINISTIC")
def a_set_of_a_class(_, fixed):
    async def handler(ctx):
        user = ctx.event.data["user"]

        async def check():
            return metrics.is_new(user)

        async def greet():
            return "hello"

        if await (ctx.step.run("check", check) if fixed else check()):
            await ctx.step.run("greet", greet)
        await ctx.step.sleep("rest", DAY)

    return handler


@scorer("STATE_LOST")
def notes_that_a_callback_takes(client, fixed):
    async def handler(ctx):
        notes = []

        async def judge(into):
            if not fixed:
                into.append("kind")
            return "kind"

        judged = await ctx.step.run("judge", judge, notes)
        if fixed:
            notes.append(judged)
        await quality(client, ctx, len(notes) if await wait(ctx) else 0)

    return handler


@scorer("NONDETERMINISTIC")
def chance_between_steps(client, fixed):
    async def handler(ctx):
        async def draw():
            return random.random()  # noqa: S311 -- no secret

        luck = await (ctx.step.run("draw", draw) if fixed else draw())
        feedback = await wait(ctx, timeout=7 * DAY if luck < 0.1 else DAY)
        await quality(client, ctx, feedback is not None)

    return handler


def share_of(ticket, *, fixed):
    """Return a number below a hundred that belongs to a ticket."""
    return (zlib.crc32(ticket.encode()) if fixed else hash((ticket, "v2"))) % 100


@scorer("NONDETERMINISTIC")
def a_share_of_the_tickets_by_pythons_hash(client, fixed):
    async def handler(ctx):
        share = share_of(ctx.event.data["ticketId"], fixed=fixed)
        heard = await wait(ctx) if share < 50 else None
        await quality(client, ctx, heard is not None)

    return handler


@scorer("SCORE_NEVER_WRITTEN")
def a_branch_of_a_chance_within_a_step(client, fixed):
    async def handler(ctx):
        async def draw():
            return random.random()  # noqa: S311 -- no secret

        if await ctx.step.run("draw", draw) < 0.999:
            await quality(client, ctx, await wait(ctx) is not None)
        elif fixed:
            await quality(client, ctx, 0.5)

    return handler


@scorer("WALL_CLOCK")
def a_wait_until_midnight(client, fixed):
    async def handler(ctx):
        sent = dt.datetime.fromtimestamp(ctx.event.ts / 1000, tz=dt.UTC)
        now = sent if fixed else dt.datetime.now(dt.UTC)  # noqa: TID251 -- that is the bug
        midnight = (now + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
        await ctx.step.sleep_until("midnight", midnight)
        await quality(client, ctx, 1)

    return handler


@scorer("WALL_CLOCK")
def a_time_that_is_measured_across_a_wait(client, fixed):
    async def handler(ctx):
        async def clock():
            return time.time()  # noqa: TID251 -- the machine's, as applications ask it

        begun = await (ctx.step.run("begun", clock) if fixed else clock())
        await wait(ctx)
        ended = await (ctx.step.run("ended", clock) if fixed else clock())
        await quality(client, ctx, ended - begun < 3_600)

    return handler


@scorer("WALL_CLOCK")
def a_stopwatch_across_a_wait(client, fixed):
    async def handler(ctx):
        async def clock():
            return time.monotonic()

        begun = await (ctx.step.run("begun", clock) if fixed else clock())
        await wait(ctx)
        ended = await (ctx.step.run("ended", clock) if fixed else clock())
        await quality(client, ctx, ended - begun < 3_600)

    return handler


@parent("WALL_CLOCK")
def an_hour_of_the_machine(_, fixed):
    async def handler(ctx):
        zone = dt.UTC if fixed else None
        when = dt.datetime.fromtimestamp(ctx.event.ts / 1000, tz=zone)
        word = "morning" if when.hour < 12 else "evening"
        hello = inngest.Event(name="shop/hello", data={"word": word})
        await ctx.step.send_event("hello", hello)

    return handler


@scorer("INTERRUPT_SWALLOWED")
def a_wait_for_which_everything_is_caught(client, fixed):
    async def handler(ctx):
        heard, kinds = None, Exception if fixed else BaseException
        try:
            heard = await wait(ctx)
        except kinds:
            ctx.logger.info("no feedback")
        await quality(client, ctx, heard is not None)

    return handler
