"""What the golden messages share: how to get the text of an error, and a served app."""

import re

import pytest

from scoretest import Client, TriggerEvent, create_defer
from scoretest.errors import ScoretestError

_LINE = re.compile(r"\.py:\d+")
_ULID = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b")


def steady(text):
    """Return *text* with line numbers and identifiers replaced by fixed words."""
    return _ULID.sub("RUN", _LINE.sub(".py:N", text))


@pytest.fixture
def refused():
    """Return a function that calls something and returns the text of the error."""

    def text_of(kind, call, *args):
        with pytest.raises(ScoretestError) as caught:
            call(*args)
        assert type(caught.value) is kind
        return steady(str(caught.value))

    return text_of


@pytest.fixture
def told(harness):
    """Return a function that returns the findings as text, and lets them pass."""

    def texts():
        found = harness.findings
        for code in dict.fromkeys(finding.code for finding in found):
            harness.allow(code, reason="the mistake is the point")
        return [steady(str(finding)) for finding in found]

    return texts


@pytest.fixture
def client():
    """Return an app."""
    return Client(app_id="support")


@pytest.fixture
def scorer(client):
    """Return a deferred function that does nothing."""

    @create_defer(client, fn_id="scorer")
    async def scorer(ctx):
        pass

    return scorer


@pytest.fixture
def handle(harness, client, scorer):
    """Return a function that serves a handler and sends its event; it gives the run."""

    def serve_and_send(handler, **options):
        trigger = TriggerEvent(event="ticket")
        make = client.create_function(fn_id="handle", trigger=trigger, **options)
        harness.serve(client, functions=[make(handler), scorer])
        (run,) = harness.send("ticket", {"id": 7}).runs
        return run

    return serve_and_send
