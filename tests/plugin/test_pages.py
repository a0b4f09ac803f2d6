"""The how-to pages about kinds of tests, run by pytest as their readers would."""

import re

import pytest

from .conftest import ROOT

pytest_plugins = ["pytester"]

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CONFTEST = "# conftest.py\n"
ANYIO = ["-p", "anyio.pytest_plugin"]
ASYNCIO = [
    "-p",
    "pytest_asyncio.plugin",
    "-o",
    "asyncio_default_fixture_loop_scope=function",
]
HYPOTHESIS = ["-p", "_hypothesis_pytestplugin"]
PAGES = {
    "write-a-plain-test": ([], 3),
    "test-with-anyio": (ANYIO, 4),
    "test-with-pytest-asyncio": (ASYNCIO, 3),
    "follow-the-wall-clock": ([], 1),
    "test-an-endpoint": (ANYIO, 2),
    "use-with-hypothesis": ([*ANYIO, *HYPOTHESIS], 4),
}


@pytest.mark.parametrize(
    ("page", "plugins", "passing"), [(p, *PAGES[p]) for p in PAGES]
)
def test_the_code_of_a_page_passes(pytester, inner, page, plugins, passing):
    """Its blocks, one below the other, are a test file; conftest.py is named as such."""
    text = (ROOT / f"docs/how-to/{page}.md").read_text(encoding="utf-8")
    blocks = _BLOCK.findall(text)
    conftest = [block for block in blocks if block.startswith(_CONFTEST)]
    tests = [block for block in blocks if not block.startswith(_CONFTEST)]
    pytester.makeconftest("\n".join(conftest))

    result = inner("\n".join(tests), *plugins, "-W", "error")

    result.assert_outcomes(passed=passing)
