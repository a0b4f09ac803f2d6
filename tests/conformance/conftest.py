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


@pytest.fixture(scope="session")
def player():
    """The module that plays scenarios; this folder is no package."""
    path = Path(__file__).with_name("player.py")
    spec = importlib.util.spec_from_file_location("conformance_player", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
