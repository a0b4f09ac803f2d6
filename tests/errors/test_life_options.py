"""What is refused of the options of a run's life, and of cancelling a run."""

from datetime import timedelta

import inngest
import pytest

from scoretest import (
    Cancel,
    Client,
    Harness,
    Singleton,
    Timeouts,
    TriggerEvent,
    UsageError,
    create_defer,
    create_scorer,
)
from scoretest.expr import ExpressionError

APP = Client(app_id="support")
TICKET = TriggerEvent(event="ticket")
STOP = Cancel(event="stop")


def declare(**options):
    """Declare a function with one thing wrong."""
    make = APP.create_function(fn_id="handle", trigger=TICKET, **options)
    return make(lambda _: None)


REFUSED = {
    "a cancel without an event": (
        lambda: Cancel(event=""),
        (
            "a cancel's event must be a name, not ''\n"
            '  fix:   write Cancel(event="support/ticket.closed")'
        ),
    ),
    "a cancel on a number": (
        lambda: Cancel(event=7),
        (
            "a cancel's event must be a name, not 7\n"
            '  fix:   write Cancel(event="support/ticket.closed")'
        ),
    ),
    "a cancel's condition that is no text": (
        lambda: Cancel(event="stop", if_exp=True),
        (
            "a cancel's if_exp must be text, not True\n"
            '  fix:   write if_exp="async.data.ticketId == event.data.ticketId"'
        ),
    ),
    "a cancel's timeout without a unit": (
        lambda: Cancel(event="stop", timeout="30"),
        (
            "'30' is not a duration\n"
            "  fix:   write units largest first, each once, without a sign: "
            '"7d", "1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "a cancel's timeout below a second": (
        lambda: Cancel(event="stop", timeout=500),
        (
            "a cancel's timeout must be whole seconds, at least one, not 500\n"
            '  fix:   write for example "30s", or whole milliseconds from 1000 on'
        ),
    ),
    "a cancel's timeout with a fraction": (
        lambda: Cancel(event="stop", timeout=timedelta(seconds=1.5)),
        (
            "a cancel's timeout must be whole seconds, at least one, not "
            "datetime.timedelta(seconds=1, microseconds=500000)\n"
            '  fix:   write for example "30s", or whole milliseconds from 1000 on'
        ),
    ),
    "cancels that are no list": (
        lambda: declare(cancel=STOP),
        (
            "cancel of 'handle' must be a list, not Cancel(event='stop', "
            "if_exp=None, timeout=None)\n"
            '  fix:   write cancel=[Cancel(event="support/ticket.closed")]'
        ),
    ),
    "a cancel of the real package": (
        lambda: declare(cancel=[inngest.Cancel(event="stop")]),
        (
            "each cancel of 'handle' must be a Cancel of scoretest, not "
            "Cancel(event='stop', if_exp=None, timeout=None)\n"
            '  fix:   write [Cancel(event="support/ticket.closed")]'
        ),
    ),
    "too many cancels": (
        lambda: declare(cancel=[STOP] * 6),
        (
            "function 'handle' has 6 cancels, over 5\n"
            "  fix:   let one event stand for several, with an if_exp"
        ),
    ),
    "timeouts that are a text": (
        lambda: declare(timeouts="1h"),
        (
            "timeouts of 'handle' must be a Timeouts of scoretest, not '1h'\n"
            '  fix:   write Timeouts(finish="1h")'
        ),
    ),
    "an idempotency key that is a number": (
        lambda: declare(idempotency=7),
        (
            "idempotency of 'handle' must be text, not 7\n"
            '  fix:   write idempotency="event.data.orderId"'
        ),
    ),
    "a singleton that is a text": (
        lambda: declare(singleton="skip"),
        (
            "singleton of 'handle' must be a Singleton of scoretest, not 'skip'\n"
            '  fix:   write Singleton(mode="skip")'
        ),
    ),
    "a singleton of another mode": (
        lambda: Singleton(mode="queue"),
        (
            "a singleton's mode must be 'skip' or 'cancel', not 'queue'\n"
            '  fix:   write Singleton(mode="skip")'
        ),
    ),
    "a singleton's key that is a number": (
        lambda: Singleton(mode="skip", key=7),
        (
            "a singleton's key must be text, not 7\n"
            '  fix:   write key="event.data.userId"'
        ),
    ),
    "a start timeout that is a bool": (
        lambda: Timeouts(start=True),
        (
            "a start timeout must be text, a timedelta or whole milliseconds, "
            "not True\n"
            '  fix:   give it a unit, for example "5s", "1h30m" or "7d"'
        ),
    ),
    "a finish timeout of nothing": (
        lambda: Timeouts(finish="0s"),
        (
            "a finish timeout must be whole seconds, at least one, not '0s'\n"
            '  fix:   write for example "30s", or whole milliseconds from 1000 on'
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), REFUSED.values(), ids=REFUSED)
def test_what_a_declaration_refuses(refused, call, text):
    """The message says what is wrong, shows it, and says what to write instead."""
    assert refused(UsageError, call) == text


OPTIONS = {
    "cancels": {"cancel": [STOP, Cancel(event="x", if_exp="true", timeout="1s")]},
    "as many cancels as there may be": {"cancel": (STOP,) * 5},
    "no cancels": {"cancel": []},
    "a key": {"idempotency": "event.data.orderId"},
    "a singleton": {"singleton": Singleton(mode="cancel", key="event.data.userId")},
    "a singleton without a key": {"singleton": Singleton(mode="skip")},
    "timeouts": {"timeouts": Timeouts(start=1000, finish=timedelta(days=1))},
    "empty timeouts": {"timeouts": Timeouts()},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("create", [None, create_defer, create_scorer])
def test_what_a_declaration_accepts(options, create):
    """Each option exists on all three decorators."""
    if create is None:
        function = declare(**options)
    else:
        function = create(APP, fn_id="handle", **options)(lambda _: None)

    assert function.id == "support-handle"


EXPRESSIONS = {
    "a cancel": {"cancel": [Cancel(event="stop", if_exp="async.data.x = 1")]},
    "an idempotency key": {"idempotency": "event.data."},
    "a singleton's key": {"singleton": Singleton(mode="skip", key="nobody.data.x")},
}


@pytest.mark.rule("C8")
@pytest.mark.parametrize("options", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_what_does_not_compile_is_refused_when_served(harness, options):
    """Registering the app fails, and nothing of it is registered."""
    wrong = declare(**options)

    with pytest.raises(ExpressionError) as caught:
        harness.serve(APP, functions=[wrong])

    assert caught.value.kind == "compile"
    assert harness.send("ticket").runs == []


def test_cancelling_what_has_ended(harness, handle, refused):
    """The run is shown."""
    run = handle(lambda _: None)

    assert refused(UsageError, harness.cancel, run) == (
        "a run that has ended cannot be cancelled\n"
        "  seen:  <run RUN of 'support-handle', Completed>\n"
        "  fix:   cancel it before it ends: while it sleeps, waits, or is queued"
    )


def test_cancelling_what_is_no_run(harness, handle, refused):
    """The runs that there are are listed."""
    handle(lambda _: None)

    assert refused(UsageError, harness.cancel, 7) == (
        "cancel() takes a run of this harness, or its id, not 7\n"
        "  seen:  <run RUN of 'support-handle', Completed>\n"
        "  fix:   write harness.cancel(harness.run(handle_ticket))"
    )


def test_cancelling_the_run_of_another_world(handle, refused):
    """A run belongs to one harness."""
    run = handle(lambda ctx: ctx.step.sleep("nap", "1h"))

    with Harness() as other:
        assert refused(UsageError, other.cancel, run.id) == (
            "cancel() takes a run of this harness, or its id, not 'RUN'\n"
            "  seen:  there are no runs\n"
            "  fix:   write harness.cancel(harness.run(handle_ticket))"
        )


def test_a_failure_handler_takes_an_id(harness, refused):
    """A function that is called as the handler of another one is refused."""

    def tell(_):
        """Handle a failure."""

    failing = declare(on_failure=tell)
    taken = APP.create_function(fn_id="handle-failure", trigger=TICKET)(tell)

    assert refused(UsageError, harness.serve, APP, [failing, taken]) == (
        "two functions have the id 'support-handle-failure'\n"
        "  where: errors/test_life_options.py:N and errors/test_life_options.py:N\n"
        "  fix:   give each function its own fn_id, and serve each once"
    )
