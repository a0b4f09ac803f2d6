"""The contract with the real package: every private name that the adapter touches.

It is tried with the version that is installed; `.ci/run` tries the other supported ones
too, with this file and with the corpus.
"""

import importlib
import inspect
import json

import inngest
import pytest

from scoretest.adapters.inngest_sdk import internals, requests

HAS_DEFERS = importlib.util.find_spec("inngest._internal.deferred") is not None


def found(path):
    """Return what a path such as ``"net.ServerTimings"`` below the package names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"inngest._internal.{module}"), name)


def test_the_installed_version_is_supported():
    """The adapter serves the version that these tests run with."""
    internals.check_version(internals.installed_version())


@pytest.mark.parametrize(
    "path",
    [
        "comm_lib:CommHandler",
        "comm_lib:CommRequest",
        "const:VERSION",
        "errors:datetime",
        "net:ServerTimings",
        "server_lib:Framework",
        "step_lib.base:ResponseInterrupt",
        "step_lib.base:SkipInterrupt",
        "step_lib.group:Group",
        "step_lib.group:GroupSync",
        "step_lib.group:in_parallel",
        "step_lib.step_async:datetime",
        "step_lib.step_sync:datetime",
    ],
)
def test_a_name_is_there(path):
    """Each module still has what is imported from it, or replaced in it."""
    assert found(path) is not None


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


@pytest.mark.parametrize("tool", internals.STEP_TOOLS)
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

    main, failure = internals.config_of(function)

    assert (main.id, failure.id) == ("shop-ship", "shop-ship-failure")
    assert main.triggers == [trigger]
    assert [step.retries.attempts for step in main.steps.values()] == [3]
    assert internals.handler_of(function) is handle
    assert internals.on_failure_of(function) is handle
    assert not internals.is_deferred(function)


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

    answer = internals.open_handler(client, [function]).post_sync(request)

    assert (answer.status_code, answer.body) == (200, "done")
    assert client.is_production
