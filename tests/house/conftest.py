"""A toy tree to break the laws on, and no tracer while files are read."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from .repository import Tree


@pytest.fixture
def toy(tmp_path: Path) -> Callable[[dict[str, str]], Tree]:
    """Return a function that writes files into a fresh folder and reads it as a tree."""

    def write(files: dict[str, str]) -> Tree:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return Tree(tmp_path)

    return write


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take no part in coverage: the laws read every file, and enter few of them."""
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)
