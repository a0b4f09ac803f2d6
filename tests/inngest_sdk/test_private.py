"""The contract with the real package: every private name that the adapter touches.

It is tried with the version that is installed; `.ci/run` tries the other supported ones
too, with this file and with the corpus.
"""

import asyncio
import importlib
import inspect
import json
from pathlib import Path

import inngest
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.memos import Memo
from scoretest._model.operation import ErrorInfo
from scoretest.adapters.inngest_sdk import hooks, package, private, requests, versions

# numbers that pydantic's reader and Python's writer agree on, and text that is text
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=5),
)


def jsons():
    """Return what can stand in JSON."""
    return st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=3
            )
        ),
        max_leaves=6,
    )


HAS_DEFERS = importlib.util.find_spec("inngest._internal.deferred") is not None


def found(path):
    """Return what a path such as ``"net.ServerTimings"`` below the package names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"inngest._internal.{module}"), name)


def test_the_installed_version_is_supported():
    """The adapter serves the version that these tests run with."""
    versions.check_version(versions.installed_version())


@pytest.mark.parametrize(
    "path",
    [
        "comm_lib:CommHandler",
        "comm_lib:CommRequest",
        "const:VERSION",
        "errors:datetime",
        "execution_lib:ExecutionV0",
        "execution_lib:ExecutionV0Sync",
        "execution_lib.models:ReportedStep",
        "net:ServerTimings",
        "server_lib:Framework",
        "step_lib.base:ResponseInterrupt",
        "step_lib.base:SkipInterrupt",
        "step_lib.group:Group",
        "step_lib.group:GroupSync",
        "step_lib.group:in_parallel",
        "step_lib.step_async:AI",
        "step_lib.step_async:datetime",
        "step_lib.step_sync:AI",
        "step_lib.step_sync:datetime",
    ],
)
def test_a_name_is_there(path):
    """Each module still has what is imported from it, or replaced in it."""
    assert found(path) is not None


def test_no_other_module_names_what_is_private():
    """All private names stand in one file; the others get them from there."""
    folder = Path(private.__file__).parent
    texts = {path.name: path.read_text("utf-8") for path in folder.rglob("*.py")}
    naming = [
        name
        for name, text in texts.items()
        if "inngest._internal" in text or "SLF001" in text
    ]

    assert naming == ["private.py"]


def test_a_step_has_a_future_that_can_be_forgotten():
    """Its result is the step itself."""

    async def signal_of():
        future = asyncio.get_running_loop().create_future()
        step = found("execution_lib.models:ReportedStep")(future, None)
        return step._release_signal is future  # noqa: SLF001 -- the contract's subject

    assert asyncio.run(signal_of())


@pytest.mark.skipif(not HAS_DEFERS, reason="the version has no scores")
def test_scores_are_checked_by_a_function():
    """It can be watched."""
    assert callable(found("scores:validate_score"))


@pytest.mark.skipif(not HAS_DEFERS, reason="the version has no defers")
@pytest.mark.parametrize("name", ["attach", "_log"])
def test_a_name_of_the_defers_is_there(name):
    """What tells the harness of lost and skipped defers can be watched."""
    assert callable(found(f"deferred:{name}"))


@pytest.mark.skipif(not HAS_DEFERS, reason="the version has no experiments")
@pytest.mark.parametrize(
    "name", ["ExperimentContext", "current_experiment", "current_step"]
)
def test_a_name_of_the_experiments_is_there(name):
    """A converted experiment is told of as the package's own."""
    assert found(f"run_context:{name}") is not None


@pytest.mark.skipif(not HAS_DEFERS, reason="the version has no defers")
def test_a_request_tells_the_defers_that_are_known():
    """A converted defer that the server has is not checked again."""
    assert "defers" in found("server_lib:ServerRequest").model_fields


def test_a_request_has_these_parts():
    """A request takes no more and no less than the adapter gives."""
    assert set(found("comm_lib:CommRequest").model_fields) == {
        "body",
        "headers",
        "is_connect",
        "public_path",
        "query_params",
        "raw_request",
        "request_url",
        "serve_origin",
        "serve_path",
        "timings",
    }


def test_the_stopwatches_are_these():
    """All stopwatches of a request are replaced: one of them starts a task."""
    assert set(vars(found("net:ServerTimings")())) == set(vars(requests.NO_TIMINGS))


@pytest.mark.parametrize("kind", [inngest.Step, inngest.StepSync])
def test_a_step_is_run_with_an_id_and_a_callback(kind):
    """The method that is watched takes the step's id and its callback first."""
    method = getattr(kind, "_run", None) or kind.run

    assert [*inspect.signature(method).parameters][:3] == [
        "self",
        "step_id",
        "handler",
    ]


@pytest.mark.parametrize("tool", hooks.STEP_TOOLS)
def test_a_step_tool_is_awaited(tool):
    """Each tool that is watched for a missing `await` is a coroutine function."""
    method = inspect.unwrap(getattr(inngest.Step, tool))

    assert inspect.iscoroutinefunction(method)
    assert [*inspect.signature(method).parameters][:2] == ["self", "step_id"]


def test_a_client_sends_through_these_attributes():
    """What `connect` replaces in a client is there, and nothing else opens a socket."""
    client = inngest.Inngest(app_id="shop")

    assert {"_http_client", "_event_key"} <= set(vars(client))
    assert callable(client._build_send_request)  # noqa: SLF001 -- the contract's subject


def test_a_function_tells_its_options():
    """Slug, triggers, retries and the failure handler come from the registration."""
    client = inngest.Inngest(app_id="shop")

    def handle(ctx):
        """Do nothing."""

    trigger = inngest.TriggerEvent(event="order")
    function = client.create_function(
        fn_id="ship", trigger=trigger, retries=3, on_failure=handle
    )(handle)

    main, failure = package.config_of(function)

    assert (main.id, failure.id) == ("shop-ship", "shop-ship-failure")
    assert main.triggers == [trigger]
    assert [step.retries.attempts for step in main.steps.values()] == [3]
    assert private.handler_of(function) is handle
    assert private.on_failure_of(function) is handle
    assert not package.is_deferred(function)


def test_a_request_is_answered_without_keys():
    """A client in production mode answers a request that nobody signed."""
    client = inngest.Inngest(app_id="shop")
    trigger = inngest.TriggerEvent(event="order")
    function = client.create_function(fn_id="ship", trigger=trigger)(lambda _: "done")
    event = {"name": "order", "data": {}, "id": "1", "ts": 1}
    ctx = {
        "attempt": 0,
        "disable_immediate_execution": False,
        "max_attempts": 5,
        "run_id": "run",
        "stack": {"current": 0, "stack": []},
    }
    body = {
        "ctx": ctx,
        "event": event,
        "events": [event],
        "steps": {},
        "use_api": False,
    }
    request = requests.make_request(
        json.dumps(body).encode(), {"fnId": "shop-ship", "stepId": "step"}, {}
    )

    answer = package.open_handler(client, [function]).post_sync(request)

    assert (answer.status_code, answer.body) == (200, "done")
    assert client.is_production


def wire_of(memo):
    """Return a memo as the server writes it; an event and a sleep have no wrapping."""
    if memo.error is not None:
        error = memo.error
        told = {"name": error.name, "message": error.message, "stack": error.stack}
        return {"error": told}
    return memo.data if memo.op in ("Sleep", "WaitForEvent") else {"data": memo.data}


def written(asked):
    """Return the body of a request as the server writes it (rule E6)."""
    run = {"run_id": asked.run_id, "fn_id": asked.slug, "use_api": False}
    counts = {"attempt": asked.attempt, "max_attempts": asked.most_attempts}
    stack = {"current": len(asked.memos), "stack": list(asked.memos)}
    is_targeted = bool(asked.target)
    body = {
        "ctx": run
        | counts
        | {"disable_immediate_execution": is_targeted, "stack": stack},
        "event": asked.events[0],
        "events": asked.events,
        "steps": {hashed: wire_of(memo) for hashed, memo in asked.memos.items()},
        "defers": {hashed: {"abortable": can} for hashed, can in asked.defers.items()},
        "use_api": False,
        "version": 2,
    }
    return json.dumps(body).encode()


def memos_read(steps):
    """Return what the package makes of the memos of a request."""
    memos = found("step_lib.base:StepMemos").from_raw(steps)
    return [(memo.model_dump(), type(memo)) for memo in memos.values()]


DATA = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=3), jsons(), max_size=3
)


@given(data=DATA, output=jsons(), meta=st.booleans(), is_targeted=st.booleans())
def test_a_request_is_what_the_package_would_read(data, output, meta, is_targeted):
    """A request that is put together equals the one that is read from JSON."""
    event = {"name": "order", "data": data, "id": "e1", "ts": 1}
    told = {"meta": {"sessions": {"chat": "c1"}}} if meta else {}
    asked = requests.Asked(
        slug="shop-ship",
        run_id="run",
        entry=2,
        attempt=1,
        most_attempts=4,
        target="b" if is_targeted else "",
        events=[event | told, event],
        memos={
            "a": Memo("StepRun", output),
            "b": Memo("Sleep", None),
            "c": Memo("WaitForEvent", event),
            "d": Memo("StepRun", None, ErrorInfo(name="ValueError", message="no")),
        },
        defers={"x": True, "y": False},
    )

    ours = requests.request_body(asked)
    theirs = found("server_lib:ServerRequest").from_raw(written(asked))

    skip = {"steps"}
    assert ours.model_dump(exclude=skip) == theirs.model_dump(exclude=skip)
    assert repr(ours.events) == repr(theirs.events)
    assert [e.model_fields_set for e in ours.events] == [
        e.model_fields_set for e in theirs.events
    ]
    assert memos_read(ours.steps) == memos_read(theirs.steps)


def test_a_request_shares_nothing_with_the_world():
    """What a handler does to its event and its memos, nobody else sees."""
    data, output = {"items": [1]}, {"text": ["hi"]}
    event = {"name": "order", "data": data, "id": "e1", "ts": 1}
    memos = {"a": Memo("StepRun", output)}
    asked = requests.Asked("shop-ship", "run", 1, 0, 4, "", [event], memos, {})

    body = requests.request_body(asked)
    body.event.data["items"].append(2)
    body.steps["a"].data["text"].append("you")

    assert (data, output) == ({"items": [1]}, {"text": ["hi"]})
    assert body.events[0].data == {"items": [1]}
