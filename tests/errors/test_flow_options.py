"""What is refused of the options of flow control, and of cron triggers."""

import inngest
import pytest

from scoretest import (
    Client,
    Harness,
    TriggerCron,
    TriggerEvent,
    UsageError,
)
from scoretest.expr import ExpressionError
from scoretest.flow import (
    Batch,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Throttle,
)

APP = Client(app_id="support")
TICKET = TriggerEvent(event="ticket")


def declare(trigger=TICKET, **options):
    """Declare a function with one thing wrong."""
    make = APP.create_function(fn_id="handle", trigger=trigger, **options)
    return make(lambda _: None)


def serve(**options):
    """Serve a function with one thing wrong."""
    with Harness() as harness:
        harness.serve(APP, functions=[declare(**options)])


REFUSED = {
    "a concurrency limit of nothing": (
        lambda: Concurrency(limit=0),
        (
            "a concurrency limit must be a whole number from 1 on, not 0\n"
            "  fix:   write for example 10"
        ),
    ),
    "a concurrency limit that is text": (
        lambda: Concurrency(limit="10"),
        (
            "a concurrency limit must be a whole number from 1 on, not '10'\n"
            "  fix:   write for example 10"
        ),
    ),
    "a concurrency key that is no text": (
        lambda: Concurrency(limit=1, key=7),
        (
            "a concurrency key must be text, not 7\n"
            '  fix:   write for example "event.data.userId"'
        ),
    ),
    "a concurrency scope that does not exist": (
        lambda: Concurrency(limit=1, scope="app"),
        (
            "a concurrency scope must be 'fn', 'env' or 'account', not 'app'\n"
            "  fix:   leave it out to count this function alone"
        ),
    ),
    "a scope without a key": (
        lambda: Concurrency(limit=1, scope="env"),
        (
            "a concurrency limit of scope 'env' needs a key\n"
            "  fix:   name what the functions share, for example key=\"'openai'\""
        ),
    ),
    "three concurrency limits": (
        lambda: declare(concurrency=[Concurrency(limit=1)] * 3),
        (
            "function 'handle' has 3 concurrency limits, over 2\n"
            "  fix:   keep the two that matter most"
        ),
    ),
    "a concurrency that is a number": (
        lambda: declare(concurrency=10),
        (
            "concurrency of 'handle' must be a list, not 10\n"
            "  fix:   write concurrency=[Concurrency(limit=10)]"
        ),
    ),
    "a concurrency of the real package": (
        lambda: declare(concurrency=[inngest.Concurrency(limit=1)]),
        (
            "each concurrency of 'handle' must be a Concurrency of scoretest, not Concurrency(key=None, limit=1, scope=None)\n"
            "  fix:   write [Concurrency(limit=10)]"
        ),
    ),
    "a throttle of nothing": (
        lambda: Throttle(limit=0, period="1m"),
        (
            "a throttle's limit must be a whole number from 1 on, not 0\n"
            "  fix:   write for example 10"
        ),
    ),
    "a throttle below a second": (
        lambda: Throttle(limit=1, period=500),
        (
            "a throttle's period must be whole seconds, at least one, not 500\n"
            '  fix:   write for example "10s", or whole milliseconds from 1000 on'
        ),
    ),
    "a throttle without a unit": (
        lambda: Throttle(limit=1, period="10"),
        (
            "'10' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", "1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "a throttle without a burst": (
        lambda: Throttle(limit=1, period="1m", burst=0),
        (
            "a throttle's burst must be a whole number from 1 on, not 0\n"
            "  fix:   write for example 10"
        ),
    ),
    "a throttle of the real package": (
        lambda: declare(throttle=inngest.Throttle(limit=1, period=1000)),
        (
            "throttle of 'handle' must be a Throttle of scoretest, not Throttle(key=None, limit=1, period=1000, burst=1)\n"
            '  fix:   write Throttle(limit=1, period="1m")'
        ),
    ),
    "a rate limit with a fraction of a second": (
        lambda: RateLimit(limit=1, period=1500),
        (
            "a rate limit's period must be whole seconds, at least one, not 1500\n"
            '  fix:   write for example "10s", or whole milliseconds from 1000 on'
        ),
    ),
    "a rate limit that is a bool": (
        lambda: RateLimit(limit=True, period="1m"),
        (
            "a rate limit must be a whole number from 1 on, not True\n"
            "  fix:   write for example 10"
        ),
    ),
    "a rate limit that is a number": (
        lambda: declare(rate_limit=10),
        (
            "rate_limit of 'handle' must be a RateLimit of scoretest, not 10\n"
            '  fix:   write RateLimit(limit=1, period="1m")'
        ),
    ),
    "a debounce beyond a week": (
        lambda: Debounce(period="7d 1s"),
        ('a debounce\'s period is 7d 1s, over 7d\n  fix:   write at most "7d"'),
    ),
    "a debounce below a second": (
        lambda: Debounce(period="999ms"),
        (
            "a debounce's period must be whole seconds, at least one, not '999ms'\n"
            '  fix:   write for example "10s", or whole milliseconds from 1000 on'
        ),
    ),
    "a debounce that is a text": (
        lambda: declare(debounce="5s"),
        (
            "debounce of 'handle' must be a Debounce of scoretest, not '5s'\n"
            '  fix:   write Debounce(period="5s")'
        ),
    ),
    "a batch of nothing": (
        lambda: Batch(max_size=0),
        (
            "a batch's max_size must be a whole number from 1 on, at most 500, not 0\n"
            "  fix:   write for example 10"
        ),
    ),
    "a batch of too many": (
        lambda: Batch(max_size=501),
        (
            "a batch's max_size must be a whole number from 1 on, at most 500, not 501\n"
            "  fix:   write for example 10"
        ),
    ),
    "a batch that waits too long": (
        lambda: Batch(max_size=2, timeout="10m 1s"),
        ('a batch\'s timeout is 10m 1s, over 10m\n  fix:   write at most "10m"'),
    ),
    "a batch's condition that is no text": (
        lambda: Batch(max_size=2, if_exp=True),
        (
            "a batch's if_exp must be text, not True\n"
            '  fix:   write for example "event.data.userId"'
        ),
    ),
    "a batch that is a number": (
        lambda: declare(batch_events=10),
        (
            "batch_events of 'handle' must be a Batch of scoretest, not 10\n"
            "  fix:   write Batch(max_size=10)"
        ),
    ),
    "a debounce and a batch": (
        lambda: declare(debounce=Debounce(period="1s"), batch_events=Batch(max_size=2)),
        (
            "function 'handle' both debounces and batches its events\n"
            "  fix:   keep debounce= to get the last event, batch_events= to get all"
        ),
    ),
    "a priority that is a number": (
        lambda: Priority(run=120),
        (
            "a priority's run must be an expression, not 120\n"
            "  fix:   write Priority(run=\"event.data.plan == 'pro' ? 120 : 0\")"
        ),
    ),
    "a priority without its record": (
        lambda: declare(priority="120"),
        (
            "priority of 'handle' must be a Priority of scoretest, not '120'\n"
            '  fix:   write Priority(run="120")'
        ),
    ),
    "a cron without text": (
        lambda: TriggerCron(cron=" "),
        (
            "a trigger's cron must be text, not ' '\n"
            '  fix:   write TriggerCron(cron="0 9 * * 1-5")'
        ),
    ),
    "a cron that is a number": (
        lambda: TriggerCron(cron=5),
        (
            "a trigger's cron must be text, not 5\n"
            '  fix:   write TriggerCron(cron="0 9 * * 1-5")'
        ),
    ),
    "a cron with a field too many": (
        lambda: serve(trigger=TriggerCron(cron="0 0 9 * * *")),
        (
            "the cron '0 0 9 * * *' has 6 fields, not 5\n"
            '  fix:   write five fields, such as "0 9 * * 1-5" or "TZ=Europe/Berlin 30 6 * * *"'
        ),
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_what_is_refused(refused, mistake):
    """Each mistake is told in full, with what to write instead."""
    wrong, text = REFUSED[mistake]

    assert refused(UsageError, wrong) == text


UNREADABLE = {
    "a key that is no expression": (
        lambda: serve(throttle=Throttle(limit=1, period="1m", key="event.")),
        (
            "the expression ends where a field name should be\n"
            "  seen:  event.\n"
            "               ^\n"
            "  fix:   mend the expression; production fails the run at once (rule C8)"
        ),
    ),
    "a batch's condition that is no expression": (
        lambda: serve(batch_events=Batch(max_size=2, if_exp="===")),
        (
            "'==' in an unexpected place\n"
            "  seen:  ===\n"
            "         ^^\n"
            "  fix:   mend the expression; production fails the run at once (rule C8)"
        ),
    ),
}


@pytest.mark.parametrize("mistake", UNREADABLE)
def test_what_is_no_expression(refused, mistake):
    """An expression is looked at when its function is served."""
    wrong, text = UNREADABLE[mistake]

    assert refused(ExpressionError, wrong) == text


ALLOWED = {
    "a concurrency limit of one": lambda: Concurrency(limit=1),
    "two concurrency limits": lambda: declare(concurrency=[Concurrency(limit=1)] * 2),
    "a second of throttle": lambda: Throttle(limit=1, period="1s", burst=1),
    "a throttle that says nothing of its burst": (
        lambda: Throttle(limit=1, period=1000, burst=None)
    ),
    "a debounce of a second": lambda: Debounce(period=1000),
    "a debounce of a week": lambda: Debounce(period="7d", timeout="30d"),
    "a batch of one": lambda: Batch(max_size=1),
    "a batch of five hundred": lambda: Batch(max_size=500, timeout="10m"),
}


@pytest.mark.parametrize("edge", ALLOWED)
def test_what_is_just_allowed(edge):
    """At its limit an option is accepted."""
    assert ALLOWED[edge]()
