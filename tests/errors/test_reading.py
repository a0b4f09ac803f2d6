"""What cannot be read of a world: none or several where one is asked for."""

import pytest

from scoretest import (
    Client,
    FindingsError,
    Score,
    TriggerEvent,
    UsageError,
    create_scorer,
)
from scoretest.runtime.sent import NoRunError

APP = Client(app_id="support")


@create_scorer(APP, fn_id="scorer")
async def scorer(ctx):
    """Score the ticket twice."""
    return [Score("helpful", 1), Score("length", ctx.event.data["length"])]


@APP.create_function(fn_id="handle", trigger=TriggerEvent(event="ticket.created"))
async def handle(ctx):
    """Answer a ticket and have it scored."""
    await ctx.step.run("answer", len, ctx.event.data.get("text", ""))
    ctx.defer("score", function=scorer, data={"length": 3})


@APP.create_function(fn_id="fail", trigger=TriggerEvent(event="ticket.lost"), retries=0)
async def fail(ctx):
    """Fail."""
    raise LookupError(ctx.run_id)


@APP.create_function(fn_id="flaky", trigger=TriggerEvent(event="ticket.flaky"))
async def flaky(ctx):
    """Fail again and again."""
    raise LookupError(ctx.run_id)


@pytest.fixture
def tickets(harness):
    """Return a world with a number of tickets."""

    def make(count):
        harness.serve(APP, functions=[handle, scorer, fail, flaky])
        for _ in range(count):
            harness.send("ticket.created")
        return harness

    return make


def stranger(ctx):
    """Be no function of any app."""


READ = {
    "no scores at all": (
        0,
        lambda h: h.scores["helpful"],
        (
            "no score is named 'helpful'\n"
            "  seen:  no scores at all\n"
            "  fix:   look at str(harness.timeline) for what the scorer did"
        ),
    ),
    "a score's name that is nearly right": (
        1,
        lambda h: h.scores["helpfull"],
        (
            "no score is named 'helpfull'; did you mean 'helpful'?\n"
            "  seen:  <score helpful=1 on run RUN>; <score length=3 on run RUN>\n"
            "  fix:   look at str(harness.timeline) for what the scorer did"
        ),
    ),
    "several scores of one name": (
        2,
        lambda h: h.scores["helpful"],
        (
            "2 scores are named 'helpful'\n"
            "  seen:  <score helpful=1 on run RUN>; <score helpful=1 on run RUN>\n"
            "  fix:   take them from scores.named(...), or one run's from "
            "scores.of(run)"
        ),
    ),
    "the scores of a number": (
        1,
        lambda h: h.scores.of(7),
        (
            "scores.of() takes a run or its id, not 7\n"
            "  fix:   write harness.scores.of(harness.run(handle_ticket))"
        ),
    ),
    "a run of nothing": (
        0,
        lambda h: h.run(handle),
        (
            "there is no run of 'support-handle'\n"
            "  seen:  there are none at all\n"
            "  fix:   start it with harness.send(...), and name it by the function "
            "itself"
        ),
    ),
    "a run of a function that did not run": (
        1,
        lambda h: h.run(fail),
        (
            "there is no run of 'support-fail'\n"
            "  seen:  <run RUN of 'support-handle', Completed>; <run RUN of "
            "'support-scorer', Completed>\n"
            "  fix:   start it with harness.send(...), and name it by the function "
            "itself"
        ),
    ),
    "the run of several": (
        2,
        lambda h: h.run(handle),
        (
            "function 'support-handle' has 2 runs, and run() cannot tell which one "
            "is meant\n"
            "  seen:  <run RUN of 'support-handle', Completed>; <run RUN of "
            "'support-handle', Completed>\n"
            "  fix:   take it from harness.runs, or from the .runs of what send() "
            "returned"
        ),
    ),
    "a run by a name that is nearly right": (
        1,
        lambda h: h.run("support-handel"),
        (
            "there is no run of 'support-handel'; did you mean 'support-handle'?\n"
            "  seen:  <run RUN of 'support-handle', Completed>; <run RUN of "
            "'support-scorer', Completed>\n"
            "  fix:   start it with harness.send(...), and name it by the function "
            "itself"
        ),
    ),
    "a run by the function's id alone": (
        1,
        lambda h: h.run("handle"),
        (
            "there is no run of 'handle'; did you mean 'support-handle'?\n"
            "  seen:  <run RUN of 'support-handle', Completed>; <run RUN of "
            "'support-scorer', Completed>\n"
            "  fix:   start it with harness.send(...), and name it by the function "
            "itself"
        ),
    ),
    "the run of a stranger": (
        1,
        lambda h: h.run(stranger),
        (
            "<function stranger at 0x…> is not served by this harness\n"
            "  seen:  served: support-fail, support-flaky, support-handle, "
            "support-scorer\n"
            "  fix:   pass the function itself, and add it to harness.serve(...)"
        ),
    ),
    "the run of a number": (
        1,
        lambda h: h.run(7),
        (
            "7 is not served by this harness\n"
            "  seen:  served: support-fail, support-flaky, support-handle, "
            "support-scorer\n"
            "  fix:   pass the function itself, and add it to harness.serve(...)"
        ),
    ),
    "a step that the run does not have": (
        1,
        lambda h: h.run(handle).step("anser"),
        (
            "there is no step 'anser' of <run RUN of 'support-handle', Completed>; "
            "did you mean 'answer'?\n"
            "  seen:  <StepRun 'answer' Completed>\n"
            "  fix:   look at run.steps"
        ),
    ),
    "an explanation of nothing": (
        1,
        lambda h: h.explain(None),
        (
            "explain() takes an Event, or what send() returned, not None\n"
            "  fix:   write "
            'harness.explain(Event(name="support/feedback.received"))'
        ),
    ),
    "an explanation of a name": (
        1,
        lambda h: h.explain("ticket.created"),
        (
            "explain() takes an Event, or what send() returned, not "
            "'ticket.created'\n"
            "  fix:   write "
            'harness.explain(Event(name="support/feedback.received"))'
        ),
    ),
    "a timeline too narrow to be read": (
        1,
        lambda h: h.timeline.render(width=10),
        ("a timeline cannot be 10 columns wide\n  fix:   give a width of 40 at least"),
    ),
    "a finding that does not exist": (
        1,
        lambda h: h.allow("DEFER_LOSS", reason="x"),
        (
            "there is no finding 'DEFER_LOSS'; did you mean 'DEFER_LOST'?\n"
            "  fix:   use one of DEFER_LIMIT, DEFER_LOST, DEFER_SKIPPED, "
            "FAULT_UNUSED, INTERRUPT_SWALLOWED, INVALID_EXPRESSION, "
            "INVOKE_CANCELLED, LOSSY_OUTPUT, "
            "NESTED_STEP, "
            "NONDETERMINISTIC, OPTION_IGNORED, RUN_FAILED, SCORE_INVALID, "
            "STEP_NOT_AWAITED, "
            "STUB_UNUSED, TASK_LEAKED, TRIGGER_DEAD, USAGE_ERROR"
        ),
    ),
    "a finding that is a number": (
        1,
        lambda h: h.allow(7, reason="x"),
        (
            "there is no finding 7\n"
            "  fix:   use one of DEFER_LIMIT, DEFER_LOST, DEFER_SKIPPED, "
            "FAULT_UNUSED, INTERRUPT_SWALLOWED, INVALID_EXPRESSION, "
            "INVOKE_CANCELLED, LOSSY_OUTPUT, "
            "NESTED_STEP, "
            "NONDETERMINISTIC, OPTION_IGNORED, RUN_FAILED, SCORE_INVALID, "
            "STEP_NOT_AWAITED, "
            "STUB_UNUSED, TASK_LEAKED, TRIGGER_DEAD, USAGE_ERROR"
        ),
    ),
    "a finding without a reason": (
        1,
        lambda h: h.allow("DEFER_LOST", reason=" "),
        (
            "allow('DEFER_LOST') needs a reason, not ' '\n"
            '  fix:   write allow("DEFER_LOST", reason="the parent fails on '
            'purpose")'
        ),
    ),
    "the failure of a stranger": (
        1,
        lambda h: h.expect_failure(stranger),
        (
            "<function stranger at 0x…> is not served by this harness\n"
            "  seen:  served: support-fail, support-flaky, support-handle, "
            "support-scorer\n"
            "  fix:   pass the function itself, and add it to harness.serve(...)"
        ),
    ),
    "the failure of a name": (
        1,
        lambda h: h.expect_failure("support-fail"),
        (
            "the function itself is needed here, not its id 'support-fail'\n"
            "  fix:   pass the name that its decorator bound"
        ),
    ),
    "the failure of nothing yet": (
        1,
        lambda h: h.expect_failure(fail).run,
        (
            "no run of 'support-fail' has failed in this block yet\n"
            "  fix:   read .run after the block, or after what makes the run fail"
        ),
    ),
}


@pytest.mark.parametrize(("count", "call", "text"), READ.values(), ids=READ)
def test_what_cannot_be_read(tickets, refused, count, call, text):
    """The message lists what there is, and shows the nearest name."""
    assert refused(UsageError, call, tickets(count)) == text


def test_what_can_be_read(tickets):
    """The only one is given, by function, by slug and by id."""
    world = tickets(1)
    run = world.runs[0]

    assert world.run(handle) == world.run("support-handle") == world.run(run.id) == run
    assert world.scores["length"].value == 3
    assert world.scores.of(run) == world.scores.of(run.id) == world.scores
    assert run.step("answer").output == 0


RUNS = {
    "no run": (
        "ticket.changed",
        0,
        (
            "the events that were sent started no run; did you mean "
            "'ticket.created'?\n"
            "  fix:   serve a function with a trigger of exactly this event's name"
        ),
    ),
    "an event that is nearly right": (
        "ticket.create",
        0,
        (
            "the events that were sent started no run; did you mean "
            "'ticket.created'?\n"
            "  fix:   serve a function with a trigger of exactly this event's name"
        ),
    ),
    "a second run": (
        "ticket.created",
        1,
        (
            "runs[1] was asked for, and the events that were sent started 1 run(s)\n"
            "  seen:  <run RUN of 'support-handle', Completed>\n"
            "  fix:   take one of those that were started"
        ),
    ),
}


@pytest.mark.parametrize(("event", "place", "text"), RUNS.values(), ids=RUNS)
def test_a_run_that_an_event_did_not_start(tickets, refused, event, place, text):
    """Asking for a run too many says how many there are, and is an IndexError too."""
    sent = tickets(0).send(event)

    assert refused(NoRunError, lambda: sent.runs[place]) == text
    with pytest.raises(IndexError):
        _ = sent.runs[place]


def test_a_failure_that_did_not_come(tickets, refused):
    """The block ends in an error that shows the function's runs."""
    world = tickets(1)

    def expect():
        with world.expect_failure(handle):
            pass

    assert refused(FindingsError, expect) == (
        "exactly one run of 'support-handle' was expected to fail, and no run "
        "did\n"
        "  seen:  <run RUN of 'support-handle', Completed>\n"
        "  fix:   do what makes it fail inside the block"
    )


def test_a_failure_of_what_never_ran(tickets, refused):
    """Without a run there is nothing to show, and the message says so."""
    world = tickets(1)

    def expect():
        with world.expect_failure(fail):
            pass

    assert refused(FindingsError, expect) == (
        "exactly one run of 'support-fail' was expected to fail, and no run did\n"
        "  seen:  it never ran\n"
        "  fix:   do what makes it fail inside the block"
    )


def test_a_failure_that_is_still_to_come(tickets, refused):
    """A run that has attempts left is led to its end inside the block."""
    world = tickets(0)

    def expect():
        with world.expect_failure(flaky):
            world.send("ticket.flaky")

    assert refused(FindingsError, expect) == (
        "exactly one run of 'support-flaky' was expected to fail, and no run "
        "did\n"
        "  seen:  <run RUN of 'support-flaky', Running>\n"
        "  fix:   let fast_forward() go through its retries inside the block"
    )
    world.allow("RUN_FAILED", reason="it goes on failing")


def test_more_failures_than_one(tickets, refused):
    """Two failures in one block are listed."""
    world = tickets(0)

    def expect():
        with world.expect_failure(fail):
            world.send("ticket.lost")
            world.send("ticket.lost")

    assert refused(FindingsError, expect) == (
        "exactly one run of 'support-fail' was expected to fail, and 2 runs did\n"
        "  seen:  <run RUN of 'support-fail', Failed>; <run RUN of "
        "'support-fail', Failed>\n"
        "  fix:   use one block for each failure"
    )


STUBBED = {
    "a stranger": (
        lambda h: h.stub(stranger, "answer", returns=1),
        (
            "<function stranger at 0x…> is not served by this harness\n"
            "  seen:  served: support-fail, support-flaky, support-handle, "
            "support-scorer\n"
            "  fix:   pass the function itself, and add it to harness.serve(...)"
        ),
    ),
    "a function's slug": (
        lambda h: h.stub("support-handle", "answer", returns=1),
        (
            "the function itself is needed here, not its id 'support-handle'\n"
            "  fix:   pass the name that its decorator bound"
        ),
    ),
    "a step named by a number": (
        lambda h: h.stub(handle, 7, returns=1),
        (
            "a stub's step must be named by text, not 7\n"
            '  fix:   write harness.stub(function, "generate-response", '
            'returns="Hi")'
        ),
    ),
    "nothing to do": (
        lambda h: h.stub(handle, "answer"),
        (
            "the stub of 'answer' needs exactly one of returns=, raises= and calls=\n"
            '  fix:   write for example returns="Hi"'
        ),
    ),
    "two things to do": (
        lambda h: h.stub(handle, "answer", returns=1, raises=ValueError),
        (
            "the stub of 'answer' needs exactly one of returns=, raises= and calls=\n"
            '  fix:   write for example returns="Hi"'
        ),
    ),
    "what cannot be raised": (
        lambda h: h.stub(handle, "answer", raises="no"),
        (
            "the stub of 'answer' cannot raise 'no'\n"
            "  fix:   give an exception, or an exception's class"
        ),
    ),
    "what cannot be called": (
        lambda h: h.stub(handle, "answer", calls=5),
        (
            "the stub of 'answer' cannot call 5\n"
            "  fix:   give a function without arguments"
        ),
    ),
    "no times": (
        lambda h: h.stub(handle, "answer", returns=1, times=0),
        (
            "times of the stub of 'answer' must be a whole number from 1 on, not 0\n"
            "  fix:   leave it out to stand in every time"
        ),
    ),
    "times in words": (
        lambda h: h.stub(handle, "answer", returns=1, times="twice"),
        (
            "times of the stub of 'answer' must be a whole number from 1 on, not "
            "'twice'\n"
            "  fix:   leave it out to stand in every time"
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), STUBBED.values(), ids=STUBBED)
def test_what_cannot_be_stubbed(tickets, refused, call, text):
    """The message names the step and what a stub needs."""
    assert refused(UsageError, call, tickets(0)) == text


@pytest.mark.parametrize(
    "choice",
    [
        {"returns": None},
        {"raises": ValueError},
        {"raises": ValueError("no")},
        {"calls": int},
        {"returns": 1, "times": 1},
    ],
)
def test_what_can_be_stubbed(tickets, choice):
    """Each way of standing in is accepted by itself."""
    world = tickets(0)

    world.stub(handle, "answer", **choice)

    world.allow("STUB_UNUSED", reason="only its making is looked at")


@pytest.mark.parametrize(
    ("step", "count"), [("anser", 1), ("answer", 0)], ids=["near", "idle"]
)
def test_a_stub_that_is_never_used(tickets, refused, step, count):
    """At the end, the stub is told with the steps that ran."""
    world = tickets(0)
    world.stub(handle, step, returns=1)
    for _ in range(count):
        world.send("ticket.created")

    text = refused(FindingsError, world.close)

    assert (
        text
        == {
            "anser": (
                "1 finding that the test did not allow\n"
                "\n"
                "STUB_UNUSED: the stub of step 'anser' of 'support-handle' was never "
                "used; did you mean 'answer'?\n"
                "  where: errors/test_reading.py:N\n"
                "  fix:   stub one of the steps that ran, ['answer']\n"
                "\n"
                '  fix:   mend it, or let it pass with harness.allow("CODE", '
                'reason="...")'
            ),
            "answer": (
                "1 finding that the test did not allow\n"
                "\n"
                "STUB_UNUSED: the stub of step 'answer' of 'support-handle' was never "
                "used\n"
                "  where: errors/test_reading.py:N\n"
                "  fix:   start the function, or remove the stub\n"
                "\n"
                '  fix:   mend it, or let it pass with harness.allow("CODE", '
                'reason="...")'
            ),
        }[step]
    )
