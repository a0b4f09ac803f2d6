"""What the tests of the real package's functions share; the harness is the plugin's."""

import socket

import inngest
import pytest


@pytest.fixture(autouse=True)
def cut(monkeypatch):
    """Let every attempt to open a connection fail the test."""

    def refuse(*_):
        pytest.fail("a socket was to be connected")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def app():
    """Return the app whose functions a test declares: production mode, and no keys."""
    return inngest.Inngest(app_id="shop")


@pytest.fixture
def on(harness, app):
    """Make and serve a function: ``@on("shop/order")``; its id is the handler's name."""

    def declare(event, **options):
        def decorate(handler):
            trigger = inngest.TriggerEvent(event=event)
            make = app.create_function(
                fn_id=handler.__name__, trigger=trigger, **options
            )
            function = make(handler)
            harness.serve(app, functions=[function])
            return function

        return decorate

    return declare


@pytest.fixture
def deferred(harness, app):
    """Make and serve a deferred function: ``@deferred()``."""

    from inngest.experimental import create_defer  # noqa: PLC0415 -- older versions have none

    def declare(**options):
        def decorate(handler):
            function = create_defer(app, fn_id=handler.__name__, **options)(handler)
            harness.serve(app, functions=[function])
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
