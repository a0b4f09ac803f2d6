"""The corpus with the real package, as the scenarios are written."""

from contextlib import nullcontext

import inngest

imported = nullcontext


def client(app_id):
    """Return a client of the package."""
    return inngest.Inngest(app_id=app_id, is_production=False)


def told(fields):
    """Return what was logged, as it is."""
    return fields


def serve(harness, client, functions):
    """Serve the functions as they are."""
    harness.serve(client, functions=functions)
