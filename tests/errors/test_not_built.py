"""What the real engine can do and scoretest cannot yet is refused by name."""

import inngest
import pytest

from scoretest import Client, NotBuiltError, TriggerEvent, create_defer, create_scorer

APP = Client(app_id="support")
TICKET = TriggerEvent(event="ticket")
OPTIONS = {
    "middleware": [],
    "output_type": int,
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("make", [APP.create_function, create_defer, create_scorer])
def test_an_option_of_the_real_sdk(refused, option, make):
    """Each option is refused by name where it is written; none is accepted in silence."""
    value = OPTIONS[option]
    more = {"trigger": TICKET} if make == APP.create_function else {}
    client = () if more else (APP,)

    text = refused(
        NotBuiltError, lambda: make(*client, fn_id="handle", **more, **{option: value})
    )

    what, seen, fix = text.split("\n")
    assert what == f"{option}= of function 'handle' is not built yet"
    assert seen.startswith("  seen:  ")
    assert fix == (
        f"  fix:   leave {option}= out in this test; nothing would act on it"
    )


def test_an_option_that_says_nothing_is_accepted():
    """None is what the real SDK takes for "not given"."""
    make = APP.create_function(fn_id="handle", trigger=TICKET, middleware=None)

    assert make(lambda _: None).id == "support-handle"


def test_every_option_of_the_real_sdk_is_known():
    """The list above is that of the real package, so that none is called unknown."""
    import inspect  # noqa: PLC0415 -- only this test compares

    real = inspect.signature(inngest.Inngest.create_function).parameters
    ours = set(inspect.signature(Client.create_function).parameters) - {"unbuilt"}

    assert sorted(set(real) - ours) == sorted(OPTIONS)


def test_the_whole_text_of_a_refused_option(refused):
    """One of them in full, with the value that was given."""

    def declare():
        APP.create_function(fn_id="handle", trigger=TICKET, output_type=int)

    assert refused(NotBuiltError, declare) == (
        "output_type= of function 'handle' is not built yet\n"
        "  seen:  <class 'int'>\n"
        "  fix:   leave output_type= out in this test; nothing would act on it"
    )


HANDLED = {
    "an invoke with a version": (
        lambda ctx: ctx.step.invoke_by_id("call", function_id="x", v="2"),
        (
            "USAGE_ERROR: v= of invoke 'call' is not built yet\n"
            "  where: function 'support-handle' (errors/test_not_built.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   leave v= out in this test; nothing would act on it"
        ),
    ),
    "step.ai": (
        lambda ctx: ctx.step.ai,
        (
            "USAGE_ERROR: ctx.step.ai is not built yet\n"
            "  where: function 'support-handle' (errors/test_not_built.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   call the model in step.run"
        ),
    ),
}


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize(("call", "text"), HANDLED.values(), ids=HANDLED)
def test_what_a_handler_cannot_do_yet(handle, told, call, text, kind):
    """The run fails, and the finding says what is missing and where it was asked for."""

    async def coroutine(ctx):
        call(ctx)

    run = handle(coroutine if kind == "async" else call, retries=0)

    assert (run.status, run.error.name) == ("Failed", "NotBuiltError")
    assert told() == [text]
