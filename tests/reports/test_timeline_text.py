"""The text of a timeline: the expected picture is the specification."""

from textwrap import dedent

import pytest

from scoretest import UsageError
from scoretest._model.fact import (
    DeferAborted,
    DeferAdded,
    DeferRejected,
    DeferScheduled,
    FindingReported,
    RunEntered,
    RunFailed,
    RunRetried,
    RunSkipped,
    ScoreWritten,
    SleepEnded,
    SleepStarted,
    StepCompleted,
    StepFailed,
    StepPlanned,
    StepRetried,
    WaitClosed,
    WaitMatched,
    WaitOpened,
    WaitTimedOut,
)
from scoretest._model.finding import Finding
from scoretest._model.operation import ErrorInfo
from scoretest._model.score import ScoreEntry
from scoretest.times import MILLISECOND


def picture(text: str) -> str:
    """Return *text* without the indentation of the source."""
    return dedent(text).strip("\n")


def score(run="r1", writer="r2", value=1, step_id=None):
    """Return a written score."""
    return ScoreWritten(
        ScoreEntry(
            name="user-feedback",
            value=value,
            run_id=run,
            step_id=step_id,
            writer=writer,
            at=0,
        )
    )


def waits(world, step, *, run="r1", expression="", until="7d"):
    """Open the wait for feedback."""
    return world.tell(
        WaitOpened(
            run_id=run,
            step=step("wait"),
            event="feedback",
            expression=expression,
            expires=world.instant(until),
        )
    )


def entered(run="r1", entry=1, attempt=0, target=""):
    """Return an entry of a handler."""
    return RunEntered(run_id=run, entry=entry, attempt=attempt, target=target)


def finding(**parts):
    """Return a finding."""
    return FindingReported(Finding(**parts))


class TestHead:
    """The head says when the world began and how its runs ended."""

    def test_nothing(self, world):
        """An empty world has a head and nothing else."""
        text = str(world.timeline)

        assert text == "Timeline from 2025-01-01 00:00:00 UTC: nothing happened"

    def test_counts(self, world, boom):
        """Runs are counted by how they ended, scores and findings by number."""
        for run in "abcd":
            world.queued(run)
        world.completed("a").tell(RunFailed("b", boom), score(), score())
        world.at("1h").tell(finding(code="LOSSY_OUTPUT", message="x"))

        head = str(world.timeline).partition("\n\n")[0]

        assert head == picture(
            """
            Timeline from 2025-01-01 00:00:00 UTC, 1h long
            4 runs (1 completed, 1 failed, 2 open) · 2 scores · 1 finding
            """
        )

    def test_no_runs(self, world):
        """A world in which no run started says so."""
        head = str(world.event("ping").timeline).splitlines()[1]

        assert head == "no runs"

    def test_a_start_between_two_seconds(self, world):
        """Milliseconds of the start are shown when there are any."""
        world.tell(score())
        late = type(world.timeline)(world.entries, world.now + 5 * MILLISECOND)

        assert repr(late) == "<Timeline from 2025-01-01 00:00:00.005 UTC, 1 facts>"


class TestRuns:
    """A run has its lines below its name, in the order of happening."""

    def test_a_deferred_scorer(self, world, step):
        """The main job, from the event to the score, is one picture."""
        world.event("ticket", {"id": "tk_1"}).queued()
        world.tell(
            entered(),
            StepCompleted("r1", step("answer"), "Thanks"),
            entered(entry=2),
            DeferAdded(run_id="r1", defer="rate", function="shop-rate"),
        ).completed(output={"ok": True})
        world.tell(DeferScheduled("r1", "rate", "e2"))
        world.event("inngest/deferred.schedule", id="e2", sender="r1")
        world.queued("r2", "shop-rate", "e2", "r1").tell(entered("r2"))
        waits(world, step, run="r2", expression="async.data.id == 'tk_1'")
        world.event("inngest/function.finished", id="e3", sender="r1")
        world.at("6d 23h").event("feedback", {"id": "tk_1"}, id="e4")
        world.tell(
            WaitMatched("r2", step("wait"), "e4"),
            entered("r2", 2),
            score(),
            StepCompleted("r2", step("score"), None),
            entered("r2", 3),
        ).completed("r2")

        assert world.text == picture(
            """
            +0s      event     ticket {"id": "tk_1"}
                     shop-pay #1
                       started   by ticket
                       step      answer → "Thanks"
                       defer     rate → shop-rate
                       completed {"ok": true}
                     shop-rate #1
                       started   deferred by shop-pay #1
                       wait      wait for feedback until +7d
                                 if async.data.id == 'tk_1'

            +6d 23h  event     feedback {"id": "tk_1"}
                     shop-rate #1
                       matched   wait by feedback
                       score     user-feedback = 1 on shop-pay #1
                       completed
            """
        )

    def test_retries(self, world, step, boom):
        """A retry tells the error, its place and the next attempt."""
        silent = ErrorInfo(name="Timeout", message="")
        world.event("ticket").queued()
        world.tell(
            StepRetried("r1", step("pay"), boom, 1, world.instant("15s")),
        )
        world.at("15s").tell(entered(attempt=1, target="hash-pay-0"))
        world.tell(StepFailed("r1", step("pay"), silent))
        world.tell(RunRetried("r1", boom, 1, world.instant("30s")))
        world.at("30s").tell(entered(attempt=1), RunFailed("r1", boom))

        assert world.text == picture(
            """
            +0s   event     ticket {}
                  shop-pay #1
                    started   by ticket
                    raised    step pay: KeyError: 'helpful'
                              at app.py:23; attempt 2 at +15s

            +15s  shop-pay #1
                    attempt   2 of step pay
                    failed    step pay: Timeout
                    raised    KeyError: 'helpful'
                              at app.py:23; attempt 2 at +30s

            +30s  shop-pay #1
                    attempt   2
                    failed    KeyError: 'helpful'
                              at app.py:23
            """
        )

    def test_sleeps_and_parallel_steps(self, world, step):
        """Steps planned together are one line; a sleep has a begin and an end."""
        world.queued().tell(
            StepPlanned("r1", step("a")),
            StepPlanned("r1", step("b", 1)),
            SleepStarted("r1", step("nap"), world.instant("1m")),
        )
        world.at("1m").tell(SleepEnded("r1", step("nap"))).completed()

        assert world.text == picture(
            """
            +0s  shop-pay #1
                   started   by event …e1
                   parallel  a, b:1
                   sleep     nap until +1m

            +1m  shop-pay #1
                   woke      nap
                   completed
            """
        )

    def test_a_run_for_later(self, world):
        """An event dated in the future queues its run until then."""
        ts = world.instant("1h") // MILLISECOND
        world.event("ticket", ts=ts).queued()
        world.at("1h").tell(entered(), entered(entry=2)).completed()

        assert world.text == picture(
            """
            +0s  event     ticket (dated +1h) {}
                 shop-pay #1
                   queued    by ticket, starts at +1h

            +1h  shop-pay #1
                   started
                   completed
            """
        )

    def test_a_run_started_by_another(self, world):
        """What a run sends stands with it, and who is started says from whom."""
        world.event("ticket").queued().event("paid", id="e2", sender="r1")
        world.queued("r2", "shop-ship", "e2").completed("r2").completed()
        world.event("inngest/function.finished", id="e3", sender="r1")
        world.queued("r3", "shop-log", "e3").completed("r3")

        assert world.text == picture(
            """
            +0s  event     ticket {}
                 shop-pay #1
                   started   by ticket
                   sends     paid {}
                   completed
                 shop-ship #1
                   started   by paid from shop-pay #1
                   completed
                 event     inngest/function.finished of shop-pay #1
                 shop-log #1
                   started   by inngest/function.finished from shop-pay #1
                   completed
            """
        )

    def test_a_run_whose_sender_is_unknown(self, world):
        """A trace that begins in the middle is told as far as it goes."""
        world.event("paid", sender="01JRUN000042").queued()
        world.tell(score(writer="", run="01JRUN000043"))
        world.completed("01JRUN000099")

        assert world.text == picture(
            """
            +0s  run …000042
                   sends     paid {}
                 shop-pay #1
                   started   by paid from run …000042

                 score     user-feedback = 1 on run …000043, by the application

                 run …000099
                   completed

            open      shop-pay #1 has not ended
            """
        )


class TestEvents:
    """An event that changes nothing says why: the first question of a failing test."""

    def test_nobody_waits(self, world):
        """Without a wait on its name, nobody waits for it."""
        world.event("feedback", id="e1", ts=0)

        assert world.text == picture(
            """
            +0s  event     feedback (dated -20089d) {}
                           starts no run, and nobody waits for it
            """
        )

    @pytest.mark.parametrize(
        ("runs", "waiting"), [(1, "1 open wait"), (2, "2 open waits")]
    )
    def test_no_wait_matches(self, world, step, runs, waiting):
        """The open waits on its name are counted."""
        for number in range(runs):
            waits(world, step, run=f"r{number}")

        world.at("1s").event("feedback")

        assert f"starts no run; {waiting} on it did not match" in world.text

    def test_a_closed_wait_waits_no_more(self, world, step):
        """A wait that its run left open at the end is closed."""
        waits(world.queued(), step).completed().tell(WaitClosed("r1", step("wait")))

        world.at("1s").event("feedback", id="e2")

        assert world.text.splitlines()[4:] == [
            "       closed    wait, still open when the run ended",
            "",
            "+1s  event     feedback {}",
            "               starts no run, and nobody waits for it",
        ]

    def test_skipped_runs(self, world):
        """A run that an event would have started stands with the event."""
        world.event("ticket")
        world.tell(RunSkipped("shop-pay", "e1", "its id 'A' came before"))

        assert world.text == picture(
            """
            +0s  event     ticket {}
                 skipped   shop-pay: its id 'A' came before
            """
        )

    def test_an_id_of_the_sender(self, world):
        """The sender's own id is shown."""
        world.event("ticket").queued()
        wire = world.entries[0].fact.event.wire
        wire["id"] = "A-1"

        assert world.text.splitlines()[0] == "+0s  event     ticket (id A-1) {}"


class TestWaits:
    """A wait that timed out tells what came for it in vain."""

    @pytest.mark.parametrize(
        ("events", "told"),
        [
            (0, "no such event came"),
            (1, "1 such event came, none matched"),
            (2, "2 such events came, none matched"),
        ],
    )
    def test_near_misses(self, world, step, events, told):
        """The events of its name are counted from its opening on."""
        world.event("feedback")
        waits(world.queued(), step)
        for _ in range(events):
            world.event("feedback", id="e2")

        world.at("7d").tell(WaitTimedOut("r1", step("wait")))

        assert f"timed out wait: {told}" in world.text

    def test_a_wait_that_was_never_opened(self, world, step):
        """A trace that begins in the middle is told as far as it goes."""
        world.tell(WaitMatched("r1", step("wait"), "e1"))

        assert world.text == picture(
            """
            +0s  run …r1
                   matched   wait by event …e1
            """
        )


class TestDefers:
    """What becomes of a defer is told unless the run it started tells it."""

    def test_each_fate(self, world):
        """Aborted, rejected, and released without a function that is served."""
        world.queued().tell(
            DeferAdded(run_id="r1", defer="a", function="shop-rate"),
            DeferAborted("r1", "a"),
            DeferRejected("r1", "b", "too many"),
            DeferScheduled("r1", "c", "e2"),
        )
        world.event("inngest/deferred.schedule", id="e2", sender="r1").completed()

        assert world.text == picture(
            """
            +0s  shop-pay #1
                   started   by event …e1
                   defer     a → shop-rate
                   aborted   defer a
                   rejected  defer b: too many
                   scheduled defer c: no run of its function started
                   completed
            """
        )


class TestNews:
    """Scores and findings have a place of their own when no run does."""

    def test_scores(self, world, step):
        """A score names its run or step; a step called otherwise stays visible."""
        world.queued().tell(
            score(writer="r1", value=True),
            StepCompleted("r1", step("rate"), None),
            score(writer="r1", step_id="answer", value=0.25),
            score(writer="", value=-3),
        ).completed()

        assert world.text == picture(
            """
            +0s  shop-pay #1
                   started   by event …e1
                   score     user-feedback = true on this run
                   step      rate → null
                   score     user-feedback = 0.25 on step answer of this run
                   completed

                 score     user-feedback = -3 on shop-pay #1, by the application
            """
        )

    def test_findings(self, world):
        """A finding shows its code, its place and its fix, over as many lines."""
        world.queued().tell(
            finding(code="LOSSY_OUTPUT", message="one\ntwo", run_id="r1", where="x"),
            finding(code="STUB_UNUSED", message="m", fix="drop it"),
        ).completed()

        assert world.text == picture(
            """
            +0s  shop-pay #1
                   started   by event …e1
                   finding   LOSSY_OUTPUT: one
                             two
                             where: x
                   completed

                 finding   STUB_UNUSED: m
                           fix: drop it
            """
        )


class TestOpenRuns:
    """Runs that have not ended stand at the end, with what they wait for."""

    def test_what_each_waits_for(self, world, step, boom):
        """A wait, a sleep, a planned step and both kinds of retry are told."""
        later = world.instant("1h")
        for run in "abcdef":
            world.queued(run)
        waits(world, step, run="a").tell(
            SleepStarted("b", step("nap"), later),
            StepPlanned("c", step("pay")),
            StepRetried("d", step("pay"), boom, 1, later),
            RunRetried("e", boom, 1, later),
            RunRetried("f", boom, 1, later),
            entered("f", attempt=1),
        )

        assert world.text.rpartition("\n\n")[2] == picture(
            """
            open      shop-pay #1 waits for feedback until +7d
            open      shop-pay #2 sleeps until +1h
            open      shop-pay #3 has step pay before it
            open      shop-pay #4 tries step pay again at +1h
            open      shop-pay #5 tries again at +1h
            open      shop-pay #6 has not ended
            """
        )

    def test_settled_steps_are_forgotten(self, world, step):
        """A step that ended is not waited for."""
        world.queued().tell(
            StepPlanned("r1", step("pay")), StepCompleted("r1", step("pay"), 1)
        )

        assert world.text.endswith("open      shop-pay #1 has not ended")


class TestGrouping:
    """A cause and what follows from it at the same instant stand together."""

    def test_events_in_one_request(self, world):
        """Each event has its own run below it, however their facts interleave."""
        world.event("ticket", {"n": 1}).queued("r1").tell(entered())
        world.event("ticket", {"n": 2}, id="e2").queued("r2", event="e2")
        world.completed("r1", 1).completed("r2", 2)

        assert world.text == picture(
            """
            +0s  event     ticket {"n": 1}
                 shop-pay #1
                   started   by ticket
                   completed 1

                 event     ticket {"n": 2}
                 shop-pay #2
                   started   by ticket
                   completed 2
            """
        )

    def test_a_later_event_of_the_same_instant(self, world, step):
        """An event sent to a world at rest begins a chapter, time or no time."""
        waits(world.event("ticket").queued(), step)
        world.event("feedback", id="e2").tell(WaitMatched("r1", step("wait"), "e2"))
        world.completed()

        assert world.text == picture(
            """
            +0s  event     ticket {}
                 shop-pay #1
                   started   by ticket
                   wait      wait for feedback until +7d

                 event     feedback {}
                 shop-pay #1
                   matched   wait by feedback
                   completed
            """
        )


class TestFolding:
    """Many similar neighbours read like three."""

    def test_chapters(self, world):
        """Similar chapters are folded; the last one's time is told."""
        for number in range(8):
            world.at(f"{number}s").event("ticket", {"n": number}, id=f"e{number}")

        assert world.text == picture(
            """
            +0s  event     ticket {"n": 0}
                           starts no run, and nobody waits for it

            +1s  event     ticket {"n": 1}
                           starts no run, and nobody waits for it

            +2s  event     ticket {"n": 2}
                           starts no run, and nobody waits for it

                 … 5 more like this, the last at +7s

            To see what is folded: Timeline.render(fold=False), `scoretest report --all`.
            """
        )

    def test_runs_of_a_chapter(self, world, step):
        """One event that resumes many runs is folded by run."""
        for number in range(9):
            waits(world, step, run=f"r{number}")
        world.at("1s").event("feedback")
        for number in range(9):
            world.tell(WaitMatched(f"r{number}", step("wait"), "e1"))

        assert world.text[world.text.index("+1s") :] == picture(
            """
            +1s  event     feedback {}
                 run …r0
                   matched   wait by feedback
                 run …r1
                   matched   wait by feedback
                 run …r2
                   matched   wait by feedback
                 … 6 more like this

            To see what is folded: Timeline.render(fold=False), `scoretest report --all`.
            """
        )

    def test_lines_of_a_run_and_open_runs(self, world, step):
        """A step in a loop and a crowd of open runs are folded too."""
        for number in range(10):
            world.queued(f"r{number}", event=f"e{number}")
        for number in range(1200):
            world.tell(StepCompleted("r9", step("poll", number), number))

        assert world.text.partition("shop-pay #10\n")[2] == (
            "       started   by event …e9\n"
            "       step      poll → 0\n"
            "       step      poll:1 → 1\n"
            "       step      poll:2 → 2\n"
            "       … 1,197 more like this\n"
            "\n"
            "open      shop-pay #1 has not ended\n"
            "open      shop-pay #2 has not ended\n"
            "open      shop-pay #3 has not ended\n"
            "… 7 more like this\n"
            "\n"
            "To see what is folded: Timeline.render(fold=False), "
            "`scoretest report --all`."
        )

    def test_everything(self, world):
        """Unfolded, every line is there."""
        for number in range(20):
            world.event("ticket", {"n": number}, id=f"e{number}")

        text = world.timeline.render(fold=False)

        assert text.count("event     ticket") == 20
        assert "more like this" not in text


class TestWidth:
    """No line is wider than asked for, whatever it holds."""

    def test_data_that_does_not_fit_beside(self, world):
        """Data has a line of its own before it is cut."""
        world.event("support/ticket.created", {"content": "x" * 40, "more": "y" * 40})

        assert world.text.splitlines()[:2] == [
            "+0s  event     support/ticket.created",
            "               " + '{"content": "' + "x" * 40 + '", "more": …',
        ]

    def test_long_words_are_broken(self, world):
        """A name of a hundred characters is told over several lines."""
        world.event("n" * 100)

        assert world.text.splitlines()[:2] == [
            "+0s  event     " + "n" * 65,
            "               " + "n" * 35 + " {}",
        ]

    def test_a_long_time_stands_above(self, world):
        """A time that is wider than the gutter has its own line."""
        world.at("365d 23h 59m 59s").event("ticket")

        assert world.text.splitlines()[:2] == [
            "+365d 23h 59m 59s",
            "                event     ticket {}",
        ]

    @pytest.mark.parametrize("width", [40, 80, 132])
    def test_wide_characters_count_twice(self, world, width):
        """Chinese and emoji fill the line by their columns, not by their number."""
        from scoretest.reports.escaping import columns  # noqa: PLC0415 -- the measure

        world.event("客户反馈" * 200, {"text": "🔥" * 300, "e\u0301" * 99: 1})

        lines = world.timeline.render(width).splitlines()

        assert max(map(columns, lines)) <= width
        assert any(columns(line) >= width - 1 for line in lines)

    def test_too_narrow(self, world):
        """Below 40 columns nothing can be said."""
        with pytest.raises(UsageError) as caught:
            world.timeline.render(39)

        assert str(caught.value) == picture(
            """
            a timeline cannot be 39 columns wide
              fix:   give a width of 40 at least
            """
        )
