"""A toy tree to break the laws on; nothing else."""

from collections.abc import Callable
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
