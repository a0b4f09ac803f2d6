"""The corpus with our SDK, and its functions converted and served back to the harness.

This is the way of a function that goes to a real server: written with our SDK, entered
through the package's own request handling.
"""

import importlib.util
from pathlib import Path

import inngest

from scoretest.adapters.inngest_sdk import to_inngest

_SPEC = importlib.util.spec_from_file_location(
    "conformance_own", Path(__file__).with_name("own_sdk.py")
)
_OWN = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_OWN)

imported, client, told = _OWN.imported, _OWN.client, _OWN.told


def serve(harness, client, functions):
    """Serve what the functions become for the package."""
    app = inngest.Inngest(app_id=client.app_id)
    harness.serve(app, functions=to_inngest(client, functions, app))
