"""What the conformance tests share."""

import importlib.util
from pathlib import Path

import pytest


def _load(name):
    """Return a module of this folder, which is no package."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"conformance_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def player():
    """The module that plays scenarios."""
    return _load("player")


@pytest.fixture(scope="session", params=["real_sdk", "own_sdk"])
def sdk(request):
    """The module that brings an SDK: the real package, or ours under its names."""
    return _load(request.param)
