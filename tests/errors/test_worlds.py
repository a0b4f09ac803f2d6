"""What is refused where a world begins, and where functions are served."""

from datetime import UTC, datetime

import pytest

from scoretest import (
    Client,
    Harness,
    Limits,
    TriggerEvent,
    UsageError,
)
from scoretest.expr import ExpressionError

APP = Client(app_id="support")
OTHER = Client(app_id="shop")
TICKET = TriggerEvent(event="ticket")


@APP.create_function(fn_id="handle", trigger=TICKET)
async def handle(ctx):
    """Do nothing."""


@APP.create_function(fn_id="handle", trigger=TICKET)
async def namesake(ctx):
    """Do nothing, under a name that is taken."""


@OTHER.create_function(fn_id="order", trigger=TICKET)
async def order(ctx):
    """Do nothing, in another app."""


async def plain(ctx):
    """Do nothing, without a decorator."""


CHOICES = {
    "a seed in words": (
        {"seed": "7"},
        UsageError,
        (
            "Harness(seed=...) must be a whole number, not '7'\n"
            "  fix:   write Harness(seed=7)"
        ),
    ),
    "a seed that is a bool": (
        {"seed": True},
        UsageError,
        (
            "Harness(seed=...) must be a whole number, not True\n"
            "  fix:   write Harness(seed=7)"
        ),
    ),
    "an unknown reentry": (
        {"reentry": "often"},
        UsageError,
        (
            "Harness(reentry=...) must be 'step' or 'wait' or 'never', not 'often'\n"
            "  fix:   leave reentry= out for 'step'"
        ),
    ),
    "an unknown wall clock": (
        {"wall_clock": "arrow"},
        UsageError,
        (
            "Harness(wall_clock=...) must be None or 'freezegun' or 'time-machine', "
            "not 'arrow'\n"
            "  fix:   leave wall_clock= out for None"
        ),
    ),
    "an unknown answer to quirks": (
        {"quirks": "none"},
        UsageError,
        (
            "Harness(quirks=...) must be 'report' or 'exact', not 'none'\n"
            "  fix:   leave quirks= out for 'report'"
        ),
    ),
    "an unknown io": (
        {"io": "allow"},
        UsageError,
        (
            "Harness(io=...) must be 'block' or 'forbid', not 'allow'\n"
            "  fix:   leave io= out for 'block'"
        ),
    ),
    "strict in words": (
        {"strict": "yes"},
        UsageError,
        (
            "Harness(strict=...) must be True or False, not 'yes'\n"
            "  fix:   leave strict= out for True"
        ),
    ),
    "limits as a dict": (
        {"limits": {"defers_per_run": 3}},
        UsageError,
        (
            "Harness(limits=...) must be Limits, not {'defers_per_run': 3}\n"
            "  fix:   write Harness(limits=Limits(defers_per_run=3))"
        ),
    ),
    "a start in words": (
        {"start": "yesterday"},
        UsageError,
        (
            "start 'yesterday' is not an ISO 8601 time\n"
            '  fix:   write it like "2025-01-01T00:00:00Z"'
        ),
    ),
    "a start without a zone": (
        {"start": datetime(2025, 1, 1)},  # noqa: DTZ001 -- the point
        UsageError,
        (
            "start datetime.datetime(2025, 1, 1, 0, 0) has no time zone\n"
            "  fix:   add tzinfo=UTC, or a trailing Z to the text"
        ),
    ),
    "a start without a zone, as text": (
        {"start": "2025-01-01"},
        UsageError,
        (
            "start '2025-01-01' has no time zone\n"
            "  fix:   add tzinfo=UTC, or a trailing Z to the text"
        ),
    ),
    "a start that is a number": (
        {"start": 2025},
        UsageError,
        (
            "start must be an aware datetime, not 2025\n"
            "  fix:   write datetime(2025, 1, 8, tzinfo=UTC)"
        ),
    ),
}


@pytest.mark.parametrize(("choices", "kind", "text"), CHOICES.values(), ids=CHOICES)
def test_a_choice_that_a_world_does_not_have(refused, choices, kind, text):
    """The message names the choice, its values, and what was given."""
    assert refused(kind, lambda: Harness(**choices)) == text


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"seed": -1, "io": "forbid", "strict": False},
        {"start": datetime(2025, 1, 1, tzinfo=UTC), "limits": Limits()},
        {"start": "2024-02-29T12:00:00+05:30", "wall_clock": None},
        {"quirks": "exact"},
        {"reentry": "wait"},
        {"reentry": "never"},
        {"reentry": "step", "quirks": "report", "io": "block", "strict": True},
    ],
)
def test_a_choice_that_a_world_has(choices):
    """Every documented choice makes a world."""
    with Harness(**choices) as world:
        assert world.runs == []


SERVED = {
    "no client": (
        lambda h: h.serve(None, []),
        UsageError,
        (
            "serve() takes a Client, not None\n"
            '  fix:   make one: client = Client(app_id="support")'
        ),
    ),
    "functions without their client": (
        lambda h: h.serve([handle], [handle]),
        UsageError,
        (
            "serve() takes a Client, not [<function 'support-handle' at "
            "errors/test_worlds.py:N>]\n"
            '  fix:   make one: client = Client(app_id="support")'
        ),
    ),
    "a function instead of a list": (
        lambda h: h.serve(APP, handle),
        UsageError,
        (
            "functions must be a list, not <function 'support-handle' at "
            "errors/test_worlds.py:N>\n"
            "  fix:   write harness.serve(client, functions=[handle_ticket, "
            "scorer])"
        ),
    ),
    "a handler without its decorator": (
        lambda h: h.serve(APP, [plain]),
        UsageError,
        (
            "<function plain at 0x…> is no function that can be served\n"
            "  fix:   decorate it with @client.create_function or @create_scorer"
        ),
    ),
    "a function of another app": (
        lambda h: h.serve(APP, [order]),
        UsageError,
        (
            "function 'shop-order' belongs to the app 'shop', not to 'support'\n"
            "  where: errors/test_worlds.py:N\n"
            "  fix:   serve it with its own client, in a second call of serve()"
        ),
    ),
    "two functions with one id": (
        lambda h: h.serve(APP, [handle, namesake]),
        UsageError,
        (
            "two functions have the id 'support-handle'\n"
            "  where: errors/test_worlds.py:N and errors/test_worlds.py:N\n"
            "  fix:   give each function its own fn_id, and serve each once"
        ),
    ),
    "a function served twice": (
        lambda h: h.serve(APP, [handle]).serve(APP, [handle]),
        UsageError,
        (
            "two functions have the id 'support-handle'\n"
            "  where: errors/test_worlds.py:N and errors/test_worlds.py:N\n"
            "  fix:   give each function its own fn_id, and serve each once"
        ),
    ),
    "two clients with one app id": (
        lambda h: h.serve(APP, []).serve(Client(app_id="support"), []),
        UsageError,
        (
            "two clients have the app id 'support'\n"
            "  fix:   use one Client object for an app, or give the other its own "
            "app_id"
        ),
    ),
}


@pytest.mark.parametrize(("call", "kind", "text"), SERVED.values(), ids=SERVED)
def test_what_cannot_be_served(harness, refused, call, kind, text):
    """The message names the function or the app, and the line when there are two."""
    assert refused(kind, call, harness) == text


def test_a_trigger_whose_condition_cannot_be_registered(harness, refused):
    """A trigger's expression is read when its function is served."""
    trigger = TriggerEvent(event="ticket", expression="event.data.plan = 'pro'")
    wrong = APP.create_function(fn_id="wrong", trigger=trigger)(plain)

    assert refused(ExpressionError, lambda: harness.serve(APP, [wrong])) == (
        "'=' is not an operator\n"
        "  seen:  event.data.plan = 'pro'\n"
        "                         ^\n"
        "  fix:   compare with `==`"
    )


def test_a_refused_list_is_not_served_in_part(harness, refused):
    """When one function of a list is refused, none of them is registered."""
    refused(UsageError, lambda: harness.serve(APP, [handle, plain]))

    assert harness.send("ticket").runs == []


def test_what_can_be_served(harness):
    """Two apps, a tuple, and one client in two calls are fine."""
    harness.serve(APP, ()).serve(OTHER, (order,)).serve(APP, [handle])

    assert [run.function_id for run in harness.send("ticket").runs] == [
        "shop-order",
        "support-handle",
    ]


def test_the_same_functions_in_two_worlds(harnesses):
    """One function may be served by many worlds; they never meet."""
    worlds = [harnesses().serve(APP, [handle]) for _ in range(2)]

    worlds[0].send("ticket")

    assert [len(world.runs) for world in worlds] == [1, 0]


def test_the_law_of_the_engine_behind_the_harness(refused):
    """The door of the engine refuses a second function of one id by itself."""
    from scoretest._core.bus import Bus  # noqa: PLC0415 -- only this test looks inside

    bus = Bus(Limits())
    bus.register(handle.options)

    assert refused(UsageError, bus.register, namesake.options) == (
        "two functions have the id 'support-handle'\n"
        "  where: errors/test_worlds.py:N and errors/test_worlds.py:N\n"
        "  fix:   give each function its own fn_id"
    )
