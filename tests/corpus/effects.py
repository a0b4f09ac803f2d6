"""Bugs about entries: effects that are repeated, clocks, chance, races."""

import asyncio
import itertools
import os
import random  # noqa: TID251 -- chance is the bug
import time
import uuid
import zlib
from datetime import UTC, datetime
from pathlib import Path

from scoretest import Client, Context, Event, Score, TriggerEvent, create_scorer

from .kit import ID, TICKET, pair, parent, scorer, wait

OUTBOX: list[str] = []
counter = itertools.count()


class Ledger:
    """A service of the application, as a test double."""

    def __init__(self) -> None:
        self.charged: list[str] = []

    def charge(self, ticket: str) -> None:
        """Charge once."""
        self.charged.append(ticket)


LEDGER = Ledger()


def send_mail(ticket: str) -> None:
    """Send a mail."""
    OUTBOX.append(ticket)


@pair("EFFECT_REPEATED")
def a_mail_between_steps(fixed):
    async def handler(ctx: Context):
        ticket = ctx.event.data["ticketId"]
        if fixed:
            await ctx.step.run("mail", lambda: send_mail(ticket))
        else:
            send_mail(ticket)
        return await ctx.step.run("answer", lambda: f"about {ticket}")

    return parent(handler)


def write_down(ticket: str) -> None:
    """Write a line into the books, which are not kept."""
    with Path(os.devnull).open("a", encoding="utf-8") as books:
        books.write(f"{ticket}\n")


@pair("EFFECT_REPEATED")
def a_line_in_a_file_between_steps(fixed):
    async def handler(ctx: Context):
        ticket = ctx.event.data["ticketId"]
        if fixed:
            await ctx.step.run("write-down", lambda: write_down(ticket))
        else:
            write_down(ticket)
        return await ctx.step.run("answer", lambda: f"about {ticket}")

    return parent(handler)


@pair("EFFECT_REPEATED")
def a_charge_before_the_wait(fixed):
    async def handler(ctx: Context):
        ticket = ctx.event.data["ticketId"]
        if fixed:
            await ctx.step.run("charge", lambda: LEDGER.charge(ticket))
        else:
            LEDGER.charge(ticket)
        feedback = await wait(ctx)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("EFFECT_REPEATED")
def an_event_between_steps(fixed):
    client = Client("shop")
    trigger = TriggerEvent(event="shop/ticket.created")

    @client.create_function(fn_id="parent", trigger=trigger)
    async def parent_(ctx: Context):
        asked = Event(name="shop/asked", data={"ticketId": "tk_1"})
        if fixed:
            await ctx.step.send_event("ask", asked)
        else:
            await client.send(asked)
        await ctx.step.sleep("pause", "1h")
        return "done"

    return {"functions": [parent_], "data": TICKET, "client": client}


@pair("EFFECT_REPEATED")
def a_score_between_steps(fixed):
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer_(ctx: Context):
        run_id = ctx.parents[0].run_id
        if fixed:
            await ctx.step.score("seen", name="seen", value=1, run_id=run_id)
        else:
            await client.score(name="seen", value=1, run_id=run_id)
        feedback = await wait(ctx)
        return Score("quality", feedback is not None)

    return {"functions": [scorer_], "data": TICKET, "client": client}


@pair("OPEN_WAIT_AT_RETURN")
def the_loser_of_a_race(fixed):
    async def handler(ctx: Context):
        if fixed:
            feedback = await wait(ctx)
            return Score("quality", feedback is not None)
        asked = [
            asyncio.create_task(wait(ctx)),
            asyncio.create_task(wait(ctx, "reopened", timeout="30d")),
        ]
        done, pending = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return Score("quality", sum(task.result() is not None for task in done))

    return scorer(handler)


@pair("WALL_CLOCK")
def the_hour_of_the_machine(fixed):
    async def handler(ctx: Context):
        hour = ctx.event.ts.hour if fixed else datetime.now(UTC).hour  # noqa: TID251 -- the bug
        feedback = await wait(ctx, timeout="1d" if hour < 12 else "2d")
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("WALL_CLOCK")
def the_age_by_the_machines_clock(fixed):
    async def handler(ctx: Context):
        now = await ctx.step.run("now", lambda: 0) if fixed else time.time()  # noqa: TID251 -- the bug
        feedback = await wait(ctx)
        is_late = now > 1_900_000_000
        return Score("late", is_late or feedback is None)

    return scorer(handler)


@pair("WALL_CLOCK")
def the_weekday_of_the_machines_zone(fixed):
    async def handler(ctx: Context):
        zone = UTC if fixed else None
        opened = datetime.fromtimestamp(1_780_000_000, tz=zone)
        feedback = await wait(ctx)
        return Score(f"quality-{opened.day}", feedback is not None)

    return scorer(handler)


@pair("STATE_LOST")
def a_total_that_callbacks_reckon(fixed):
    async def handler(ctx: Context):
        total = 0

        def rate(points: int) -> int:
            nonlocal total
            if not fixed:
                total += points
            return points

        for name, points in (("tone", 2), ("speed", 3)):
            given = await ctx.step.run(f"rate-{name}", rate, points)
            total += given if fixed else 0
        return Score("quality", total if await wait(ctx) else 0)

    return scorer(handler)


class Order:
    """Something of the application with a state of its own."""

    def __init__(self) -> None:
        self.state = "new"

    def pay(self) -> None:
        """Be paid."""
        self.state = "paid"


@pair("STATE_LOST")
def an_order_that_is_paid_in_a_step(fixed):
    def handler(ctx):
        order = Order()
        if fixed:
            ctx.step.run("pay", lambda: None)
            order.pay()
        else:
            ctx.step.run("pay", order.pay)
        if order.state == "paid":
            ctx.step.run("ship", lambda: None)

    return parent(handler)


@pair("NONDETERMINISTIC")
def an_id_drawn_by_lot(fixed):
    async def handler(ctx: Context):
        drawn = await ctx.step.run("draw", lambda: str(uuid.uuid4()))
        token = "ask" if fixed else f"ask-{uuid.uuid4()}"
        feedback = await ctx.step.wait_for_event(
            token, event="shop/feedback", timeout="1d", if_exp=ID
        )
        return Score("quality", feedback is not None and bool(drawn))

    return scorer(handler)


@pair("NONDETERMINISTIC")
def one_in_a_thousand(fixed):
    async def handler(ctx: Context):
        def draw() -> bool:
            return random.random() < 0.001  # noqa: S311 -- no secret

        is_drawn = await ctx.step.run("draw", draw) if fixed else draw()
        if is_drawn:
            await ctx.step.run("look", lambda: "closely")
        feedback = await wait(ctx)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("NONDETERMINISTIC")
def a_model_chosen_by_pythons_hash(fixed):
    async def handler(ctx: Context):
        ticket = ctx.event.data["ticketId"]
        number = zlib.crc32(ticket.encode()) if fixed else hash(ticket)
        model = ("small", "large")[number % 2]
        return await ctx.step.run(f"ask-{model}", lambda: f"{model} speaks")

    return parent(handler)


@pair("NONDETERMINISTIC")
def the_time_in_a_step_id(fixed):
    async def handler(ctx: Context):
        token = "ask" if fixed else f"ask-{int(time.time() // 60)}"  # noqa: TID251 -- the bug
        feedback = await ctx.step.wait_for_event(
            token, event="shop/feedback", timeout="1d", if_exp=ID
        )
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("NONDETERMINISTIC")
def a_score_drawn_by_lot(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        value = (
            await ctx.step.run("judge", random.random) if fixed else random.random()  # noqa: S311 -- no secret
        )
        return Score("quality", value if feedback else 0)

    return scorer(handler)
