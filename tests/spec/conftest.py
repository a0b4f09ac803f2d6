"""The few words that the specifications share; the harness comes from the plugin."""

import pytest

from scoretest import Client, TriggerEvent, create_defer, create_scorer


@pytest.fixture
def client():
    """Return the app whose functions a test declares."""
    return Client(app_id="shop")


@pytest.fixture
def on(harness, client):
    """Make and serve a function: ``@on("shop/order")``; its id is the handler's name."""

    def declare(event, **options):
        def decorate(handler):
            name = handler.__name__
            trigger = TriggerEvent(event=event)
            make = client.create_function(fn_id=name, trigger=trigger, **options)
            function = make(handler)
            harness.serve(client, functions=[function])
            return function

        return decorate

    return declare


@pytest.fixture
def start(harness):
    """Send an event and return the only run that it starts."""

    def send(event, data=None, **more):
        (run,) = harness.send(event, data, **more).runs
        return run

    return send


def _declare(harness, client, create, options):
    def decorate(handler):
        function = create(client, fn_id=handler.__name__, **options)(handler)
        harness.serve(client, functions=[function])
        return function

    return decorate


@pytest.fixture
def deferred(harness, client):
    """Make and serve a deferred function: ``@deferred(retries=0)``."""
    return lambda **options: _declare(harness, client, create_defer, options)


@pytest.fixture
def scorer(harness, client):
    """Make and serve a scorer: ``@scorer(schema=Feedback)``."""
    return lambda **options: _declare(harness, client, create_scorer, options)
