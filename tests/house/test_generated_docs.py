"""The generated parts of the pages are what the program would write today."""

import importlib.util
from pathlib import Path

import pytest

from .repository import ROOT

_SPEC = importlib.util.spec_from_file_location("generate", ROOT / "docs/_generate.py")
assert _SPEC is not None
assert _SPEC.loader is not None
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)

PAGES = [page.relative_to(ROOT).as_posix() for page in generate.pages()]


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_parts_are_fresh(name):
    """A page shows today's tables, and the output that its own blocks give."""
    page = ROOT / name

    assert generate.render(page) == page.read_text(encoding="utf-8"), (
        "run `python docs/_generate.py`"
    )


def test_the_states_of_runs_are_generated():
    """The reference of the states comes from the tables that the engine reads."""
    assert "docs/reference/run-states.md" in PAGES


def test_an_output_comes_from_the_blocks_above_it(tmp_path: Path):
    """An output part shows an expression after the blocks above it, and no others."""
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 1\n```\n<!-- output: x -->\nold\n<!-- end -->\n"
        "```python\nx = 2\n```\n"
    )

    assert "<!-- output: x -->\n```text\n1\n```\n<!-- end -->" in generate.render(page)
