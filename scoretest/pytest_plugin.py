"""The pytest plugin: harnesses as fixtures, and timelines of the tests that fail.

pytest loads this module in every session of everybody who has scoretest installed, so
it imports pytest and nothing else; the harness comes with the first test that asks.
"""

import sys
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest._code import TracebackEntry

    from .errors import ScoretestError
    from .runtime.harness import Harness
    from .runtime.sent import Sent
    from .runtime.wall_clock import Kind

__all__ = ["fast_forward", "harness", "harnesses", "send_event"]

_WORLDS: pytest.StashKey[list[Any]] = pytest.StashKey()
_CLOCKS: pytest.StashKey[list[Any]] = pytest.StashKey()
_ITEM: pytest.StashKey[pytest.Item] = pytest.StashKey()
_VERDICT: pytest.StashKey[BaseException] = pytest.StashKey()
_TIMELINES = ("failed", "always", "never")
_WALL_CLOCKS = ("freezegun", "time-machine")
_REENTRIES = ("step", "wait", "never")
# a property-based test makes hundreds of worlds; the last ones are those that failed
_WORLDS_SHOWN = 3
# what stands between pytest and a test, or its event loop
_RUNNERS = {"_pytest", "pluggy", "asyncio", "anyio", "pytest_asyncio", "contextlib"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("scoretest", "durable functions in virtual time")
    group.addoption(
        "--scoretest-timeline",
        choices=_TIMELINES,
        help="whose timelines to show: of failed tests (the default), always or never",
    )
    group.addoption(
        "--scoretest-seed",
        type=int,
        metavar="N",
        help="the seed of every world whose test chooses none",
    )
    group.addoption(
        "--scoretest-update",
        action="store_true",
        help="rewrite the golden files of decision tables",
    )
    group.addoption(
        "--scoretest-replay",
        metavar="CODE",
        help="run an explored test on this timeline alone",
    )
    parser.addini(
        "scoretest_wall_clock",
        "what moves datetime.now() with harness.now: freezegun or time-machine",
        default="",
    )
    parser.addini(
        "scoretest_reentry",
        "when handlers are entered again: step, as on the server",
        default="",
    )
    parser.addini(
        "scoretest_max_jumps",
        "how often one operation of a harness may move the clock",
        default="",
    )
    parser.addini(
        "scoretest_timeline", "as --scoretest-timeline: failed, always or never"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and check the options."""
    config.addinivalue_line(
        "markers",
        "scoretest(**choices): the choices of this test's harness, as Harness(...) "
        'takes them; for example scoretest(start="2025-03-30T00:00:00Z", strict=False)',
    )
    if config.getoption("scoretest_update"):
        from .exploration.table import GOLDEN  # noqa: PLC0415 -- only who asks pays for it

        GOLDEN["update"] = True
    chosen = {
        name: config.getoption(f"scoretest_{name}") for name in ("replay", "seed")
    }
    if any(value is not None for value in chosen.values()):
        from .exploration.explored import OPTIONS  # noqa: PLC0415 -- as above

        OPTIONS.update(chosen)
        config.add_cleanup(lambda: OPTIONS.update(replay=None, seed=None))
    config.stash[_WORLDS] = list[Any]()
    config.stash[_CLOCKS] = list[Any]()
    _check_ini(config, "scoretest_timeline", _TIMELINES)
    _check_ini(config, "scoretest_wall_clock", _WALL_CLOCKS)
    _check_ini(config, "scoretest_reentry", _REENTRIES)
    jumps = config.getini("scoretest_max_jumps")
    if jumps and not (jumps.isascii() and jumps.isdigit() and int(jumps)):
        raise pytest.UsageError(
            f"scoretest_max_jumps must be a whole number above zero, not {jumps!r}"
        )


def _check_ini(config: pytest.Config, name: str, known: Sequence[str]) -> None:
    value = config.getini(name)
    if value and value not in known:
        raise pytest.UsageError(
            f"{name} must be {', '.join(known[:-1])} or {known[-1]}, not {value!r}"
        )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Tell the seed, if one was chosen."""
    seed = config.getoption("scoretest_seed")
    return None if seed is None else f"scoretest seed: {seed}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget the worlds of the test before."""
    item.config.stash[_WORLDS].clear()
    item.config.stash[_ITEM] = item


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Close the test's worlds with the test, so that a finding is a failure of it."""
    if "harnesses" in getattr(item, "fixturenames", ()):
        _begin_wall_clock(item)
    result = yield
    ends = [_end(world) for world in item.config.stash[_WORLDS]]
    errors = [error for error in ends if error is not None]
    if errors:
        item.stash[_VERDICT] = verdict = _sum_up(errors)
        raise verdict
    return result


def _sum_up(errors: "list[ScoretestError]") -> "ScoretestError":
    """Return one error for all worlds; none of them hides another."""
    from .errors import FindingsError  # noqa: PLC0415 -- only tests that ask pay for it

    if len(errors) == 1:
        return errors[0]
    head = f"{len(errors)} worlds of this test were found wrong"
    return FindingsError("\n\n".join([head, *map(str, errors)]))


def _end(world: Any) -> "ScoretestError | None":
    """Close *world* and return what it raised."""
    from .errors import ScoretestError  # noqa: PLC0415 -- only tests that ask pay for it

    try:
        world.close()
    except ScoretestError as error:
        return error
    return None


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Say which run or score differs in a failed comparison, and why it is as it is."""
    if not (_is_ours(left) or _is_ours(right)):
        return None
    from .runtime.introspection import explain_comparison  # noqa: PLC0415 -- only tests that ask pay for it

    sources = [world._reader.source for world in config.stash[_WORLDS]]  # noqa: SLF001 -- for the explanation alone
    return explain_comparison(op, left, right, sources)


def _is_ours(value: object) -> bool:
    """Say whether a value, or the first one in a list, is of this package."""
    first = value[0] if isinstance(value, list) and value else value
    return any(
        type(thing).__module__.partition(".")[0] == __package__
        for thing in (value, first)
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what happened in virtual time when a test fails, and none of our frames."""
    if call.excinfo is not None:
        _hide_frames(call.excinfo)
    report = yield
    if call.excinfo is not None and _is_nowhere(call.excinfo, item):
        report.longrepr = call.excinfo.getrepr(style="value")
    if _wants_timeline(report, item.config):
        for number, world in enumerate(item.config.stash[_WORLDS][-_WORLDS_SHOWN:]):
            title = "scoretest timeline" + (f" {number + 1}" if number else "")
            report.sections.append((title, _told(world)))
    return report


def _wants_timeline(report: pytest.TestReport, config: pytest.Config) -> bool:
    chosen = config.getoption("scoretest_timeline")
    when = chosen or config.getini("scoretest_timeline") or "failed"
    if report.when == "teardown" or when == "never":
        return False
    return report.failed or (when == "always" and report.when == "call")


def _told(world: Any) -> str:
    """Return the timeline of *world*, and a note if its test has frozen the wall clock."""
    stranger = world._residence.stranger  # noqa: SLF001 -- for this note alone
    if not stranger:
        return str(world.timeline)
    return (
        f"{world.timeline}\n\nnote: the wall clock was held by {stranger}; it did not "
        "follow harness.now.\nLet it follow: leave that out, and write "
        '@pytest.mark.scoretest(wall_clock="freezegun").'
    )


def _hide_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Let pytest leave our frames out; ``--full-trace`` shows them."""
    for entry in excinfo.traceback:
        if _owner(entry) == __package__:
            entry.frame.f_globals["__tracebackhide__"] = _is_hidden


def _is_hidden(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    """Say whether our frames are noise: unless the mistake is in one of them."""
    errors = sys.modules.get(f"{__package__}.errors")
    if errors is not None and isinstance(excinfo.value, errors.ScoretestError):
        return not isinstance(excinfo.value, errors.InternalError)
    frames = excinfo.traceback
    return not frames or _owner(frames[-1]) != __package__


def _is_nowhere(
    excinfo: pytest.ExceptionInfo[BaseException], item: pytest.Item
) -> bool:
    """Say whether an error has no place in the user's code that could be shown."""
    if item.config.getoption("fulltrace") or not _is_hidden(excinfo):
        return False
    owners = {_owner(entry) for entry in excinfo.traceback}
    is_verdict = excinfo.value is item.stash.get(_VERDICT, None)
    return is_verdict or (__package__ in owners and owners <= {__package__, *_RUNNERS})


def _owner(entry: "TracebackEntry") -> str:
    """Return the name of the package whose frame this is."""
    return str(entry.frame.f_globals.get("__name__")).partition(".")[0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Release the worlds of a test that failed."""
    for world in item.config.stash[_WORLDS]:
        world.abandon()
    clocks = item.config.stash[_CLOCKS]
    while clocks:
        clocks.pop().leave()


@pytest.fixture
def harness(request: pytest.FixtureRequest) -> "Harness":
    """Return a fresh world for this test; it is closed when the test ends."""
    return _new_world(request.config, **_choices(request.node))


def _choices(node: pytest.Item) -> dict[str, Any]:
    """Return what the options and the markers of a test say, the markers above all."""
    choices: dict[str, Any] = {}
    seed = node.config.getoption("scoretest_seed")
    if seed is not None:
        choices["seed"] = seed
    for name in ("wall_clock", "reentry"):
        choice = node.config.getini(f"scoretest_{name}")
        if choice:
            choices[name] = choice
    return choices | _marked(node)


def _marked(node: pytest.Item) -> dict[str, Any]:
    """Return what the markers of a test say; of several, the nearest counts."""
    if node.get_closest_marker("scoretest") is None:
        return {}
    from inspect import signature  # noqa: PLC0415 -- only tests that ask pay for it

    from .errors import UsageError, near_miss  # noqa: PLC0415 -- as above
    from .runtime.harness import Harness  # noqa: PLC0415 -- as above

    choices: dict[str, Any] = {}
    known = signature(Harness).parameters
    for marker in reversed(list(node.iter_markers("scoretest"))):
        if marker.args:
            raise UsageError(
                f"the marker scoretest takes its choices by name, not {marker.args!r}",
                where=node.nodeid,
                fix='write @pytest.mark.scoretest(start="2025-03-30T00:00:00Z")',
            )
        for name in marker.kwargs:
            if name not in known:
                raise UsageError(
                    f"the marker scoretest has no choice {name!r}"
                    f"{near_miss(name, known)}",
                    where=node.nodeid,
                    fix=f"use one of {', '.join(known)}",
                )
        choices |= marker.kwargs
    return choices


@pytest.fixture(scope="session")
def harnesses(request: pytest.FixtureRequest) -> "Callable[..., Harness]":
    """Return what makes worlds: as many as a test needs, one for each example.

    Write ``with harnesses() as world:`` to close each where it ends; those that are
    still open when the test ends are closed then.
    """
    # imported here, because Hypothesis would count it as time of the first example
    from .runtime import harness  # noqa: F401, PLC0415 -- only tests that ask pay for it

    config = request.config

    def make(**choices: Any) -> "Harness":
        return _new_world(config, **(_choices(config.stash[_ITEM]) | choices))

    return make


def _new_world(config: pytest.Config, **choices: Any) -> "Harness":
    from .runtime.harness import Harness  # noqa: PLC0415 -- only tests that ask pay for it

    world = Harness(**choices)
    jumps = config.getini("scoretest_max_jumps")
    if jumps:  # an option of the session, and no choice of a world
        world._residence.set_budget(int(jumps))  # noqa: SLF001 -- see above
    if choices.get("wall_clock") is not None:
        _hold_wall_clock(config, choices["wall_clock"])
    worlds = config.stash[_WORLDS]
    # the closed ones are kept for a report, but not all of a property's examples
    if len(worlds) > _WORLDS_SHOWN:
        worlds[:] = [w for w in worlds[:-1] if not w.is_closed] + worlds[-1:]
    worlds.append(world)
    return world


def _begin_wall_clock(item: pytest.Item) -> None:
    """Begin the patch of the wall clock before the examples of a property.

    It costs up to a quarter of a second, which an example does not have.
    """
    choices = _choices(item)
    if choices.get("wall_clock") is not None:
        from .runtime.harness import Harness  # noqa: PLC0415 -- only tests that ask pay for it

        with Harness(**choices):  # which also says what is wrong with the choices
            _hold_wall_clock(item.config, choices["wall_clock"])


def _hold_wall_clock(config: pytest.Config, kind: "Kind") -> None:
    """Keep one patch of the wall clock until the fixtures of the test are finished."""
    from .runtime.wall_clock import wall_clock  # noqa: PLC0415 -- only tests that ask pay for it

    clock = wall_clock(kind)
    if clock not in config.stash[_CLOCKS]:
        clock.hold()
        config.stash[_CLOCKS].append(clock)


@pytest.fixture
def send_event(harness: "Harness") -> "Callable[..., Sent]":
    """Return `Harness.send` of this test's harness."""
    return harness.send


@pytest.fixture
def fast_forward(harness: "Harness") -> "Callable[..., Harness]":
    """Return `Harness.fast_forward` of this test's harness."""
    return harness.fast_forward
