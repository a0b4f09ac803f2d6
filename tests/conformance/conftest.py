"""What the conformance tests share."""

import importlib.util
import socket
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cut(monkeypatch):
    """Let every attempt to open a connection fail the test."""

    def refuse(*_):
        pytest.fail("a socket was to be connected")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


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


@pytest.fixture(scope="session", params=["real_sdk", "own_sdk", "converted_sdk"])
def sdk(request):
    """The module that brings an SDK: the package, ours under its names, or converted."""
    return _load(request.param)
