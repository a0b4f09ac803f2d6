# noqa: INP001 -- a script beside the pages, no package
"""Write the parts of the pages that a program knows better than a person.

Run ``python docs/_generate.py`` from the root of a clone. A part stands between two
comments and is replaced as a whole::

    <!-- generated: run-states -->
    <!-- end -->

    <!-- output: harness.timeline -->
    <!-- end -->

The first kind is made by a function of this file. The second is the text of an
expression, after the Python blocks of the page above it were executed.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import scoretest
from scoretest._core.defers import DEFER_TRANSITIONS
from scoretest._core.memos import STEP_TRANSITIONS
from scoretest._core.retries import BACKOFF
from scoretest._core.runs import RUN_TRANSITIONS
from scoretest._core.waits import WAIT_TRANSITIONS
from scoretest._model.finding import CODES
from scoretest._model.limits import Limits
from scoretest.exploration.checks import CHECKS, NOTES
from scoretest.runtime.shared_loop import SharedLoop
from scoretest.times import Duration, format_duration

ROOT = Path(__file__).parents[1]
_MARKED = re.compile(
    r"(?P<head><!-- (?P<kind>generated|output): (?P<what>.+?) -->\n)"
    r"(?P<body>.*?)(?P<tail><!-- end -->)",
    re.DOTALL,
)
_BLOCK_OR_OUTPUT = re.compile(
    r"^```python\n(?P<code>.*?)^```"
    r"|(?P<head><!-- output: (?P<what>.+?) -->\n).*?(?P<tail><!-- end -->)",
    re.MULTILINE | re.DOTALL,
)
_LIMIT = re.compile(r"^    (?P<name>\w+): [^#]*#\s*(?P<origin>.+)$", re.MULTILINE)


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


# --- what this file knows how to make ----------------------------------------------


def run_states() -> str:
    """Return the four tables of transitions."""
    automata = {
        "Runs": RUN_TRANSITIONS,
        "Steps": STEP_TRANSITIONS,
        "Waits": WAIT_TRANSITIONS,
        "Defers": DEFER_TRANSITIONS,
    }
    return "\n".join(
        f"### {title}\n\n{transitions(edges)}" for title, edges in automata.items()
    )


def transitions(edges: dict[tuple[Enum, type], Enum]) -> str:
    """Return one table of transitions, with the sentence that explains each fact."""
    rows = (
        (f"`{old.value}`", f"`{fact.__name__}`", f"`{new.value}`", about(fact))
        for (old, fact), new in edges.items()
    )
    return table(("from", "fact", "to", "what happened"), rows)


def about(thing: object) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def codes() -> str:
    """Return the codes of findings and their meanings."""
    rows = ((f"[`{code}`](#{code.lower()})", text) for code, text in CODES.items())
    return table(("code", "meaning"), rows)


def checks() -> str:
    """Return the codes of the explorer's own, and their meanings."""
    rows = ((f"[`{code}`](#{code.lower()})", text) for code, text in CHECKS.items())
    return table(("code", "meaning"), rows)


def notes() -> str:
    """Return the codes of what is no mistake, and their meanings."""
    rows = ((f"`{code}`", text) for code, text in NOTES.items())
    return table(("code", "meaning"), rows)


def limits() -> str:
    """Return the limits, their values and where they come from."""
    source = (ROOT / "scoretest/_model/limits.py").read_text(encoding="utf-8")
    origins = {match["name"]: match["origin"] for match in _LIMIT.finditer(source)}
    standard = Limits()
    rows = (
        (
            f"`{field.name}`",
            readable(field.name, getattr(standard, field.name)),
            origins.get(field.name, ""),
        )
        for field in fields(Limits)
    )
    return table(("name", "value", "from"), rows)


def readable(name: str, value: object) -> str:
    """Return the value of a limit as a person would say it."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and name.endswith("bytes") and value % 1024 == 0:
        mib, rest = divmod(value, 1024 * 1024)
        return f"{value // 1024} KiB" if rest else f"{mib} MiB"
    if name.endswith(("_pause", "_retry", "_life")):
        return format_duration(Duration(int(str(value))))
    return f"{value:,}"


def backoff() -> str:
    """Return the server's delays between attempts."""
    rows = (
        (str(number), format_duration(delay))
        for number, delay in enumerate(BACKOFF, start=1)
    )
    return table(("after failure", "the next attempt comes in"), rows)


def names() -> str:
    """Return the names at the root of the package."""
    rows = (
        (f"`{name}`", about(getattr(scoretest, name))) for name in scoretest.__all__
    )
    return table(("name", "what it is"), rows)


def demo() -> str:
    """Return the functions of the demo, as the README shows them."""
    source = (ROOT / "scoretest/demo.py").read_text(encoding="utf-8")
    code = source[source.index("from pydantic") : source.index("def play(")]
    code = re.sub(r"^TICKETS = \{.*?^\}\n\n", "", code, flags=re.DOTALL | re.MULTILINE)
    code = re.sub(r"  # noqa: .*", "", code)
    return f"```python\n{code.strip()}\n```\n"


MAKERS: dict[str, Callable[[], str]] = {
    "backoff": backoff,
    "checks": checks,
    "codes": codes,
    "demo": demo,
    "limits": limits,
    "names": names,
    "notes": notes,
    "run-states": run_states,
}


# --- pages ---------------------------------------------------------------------------


class Notebook:
    """The names of a page, while its blocks are executed one after the other."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._names: dict[str, Any] = {}
        self._loop = SharedLoop()

    def run(self, code: str, line: int) -> None:
        """Execute a block; places in messages are those of the page."""
        compiled = compile(
            "\n" * line + code,
            str(self._page),
            "exec",
            flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
        awaitable = eval(compiled, self._names)  # noqa: S307 -- our own documentation
        if inspect.iscoroutine(awaitable):
            self._loop.run_until_complete(awaitable)

    def text_of(self, expression: str) -> str:
        """Return the text of an expression, as the blocks so far have made it."""
        return str(eval(expression, self._names)).rstrip("\n")  # noqa: S307 -- as above

    def close(self) -> None:
        """Close what the blocks left open."""
        self._loop.close()
        for value in list(self._names.values()):
            if isinstance(value, scoretest.Harness):
                value.abandon()


def render(page: Path) -> str:
    """Return the text of *page* with its generated parts as they should be."""
    text = _MARKED.sub(_made, page.read_text(encoding="utf-8"))
    notebook = Notebook(page)
    try:
        return _BLOCK_OR_OUTPUT.sub(partial(_played, notebook, text), text)
    finally:
        notebook.close()


def _made(part: re.Match[str]) -> str:
    if part["kind"] != "generated":
        return part[0]
    return f"{part['head']}{MAKERS[part['what']]()}{part['tail']}"


def _played(notebook: Notebook, text: str, part: re.Match[str]) -> str:
    """Execute a block and leave it as it is, or write an output anew."""
    if part["code"] is not None:
        notebook.run(part["code"], text.count("\n", 0, part.start("code")))
        return part[0]
    shown = notebook.text_of(part["what"])
    return f"{part['head']}```text\n{shown}\n```\n{part['tail']}"


def pages() -> list[Path]:
    """Return the pages that have a generated part."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if _MARKED.search(page.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    for stale in pages():
        stale.write_text(render(stale), encoding="utf-8")
