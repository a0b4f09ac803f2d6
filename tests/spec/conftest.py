"""The few words that the specifications share; the harness comes from the plugin."""

import pytest

from scoretest import Client, TriggerEvent


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
