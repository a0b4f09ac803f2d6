"""What the conformance tests share."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def player():
    """The module that plays scenarios; this folder is no package."""
    path = Path(__file__).with_name("player.py")
    spec = importlib.util.spec_from_file_location("conformance_player", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
