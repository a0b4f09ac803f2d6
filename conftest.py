"""Run the examples of docs/, README.md and the docstrings as tests; nothing else.

A ``python`` block may ``await`` at its top level, as in a notebook: the blocks of one
page share one virtual loop, so a documented wait of seven days costs nothing.
"""

import ast
import inspect
from doctest import ELLIPSIS

from sybil import Example, Sybil
from sybil.parsers import myst, rest
from sybil.sybil import SybilCollection

_LOOP = "_virtual_loop"


def _run_block(example: Example) -> None:
    """Run one code block; the line numbers of a failure are those of the page."""
    __tracebackhide__ = True
    first = example.line + example.parsed.line_offset
    code = compile(
        "\n" * first + example.parsed,
        example.path,
        "exec",
        flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        dont_inherit=True,
    )
    awaitable = eval(code, example.namespace)  # noqa: S307 -- our own documentation
    if inspect.iscoroutine(awaitable):
        # imported late: a page without `await` is tested even when the loop is broken
        from scoretest.runtime.shared_loop import SharedLoop  # noqa: PLC0415 -- see above

        if _LOOP not in example.namespace:
            example.namespace[_LOOP] = SharedLoop()
        example.namespace[_LOOP].run_until_complete(awaitable)


def _close_loop(namespace: dict[str, object]) -> None:
    """Close the loop of a page, if one of its blocks needed it."""
    loop = namespace.pop(_LOOP, None)
    if loop is not None:
        loop.close()


def _sybil(markup: object, path: str, pattern: str, *more: object) -> Sybil:
    # a pattern with `**/` would skip the files directly in `path`; a bare one does not
    return Sybil(
        parsers=[
            markup.CodeBlockParser(language="python", evaluator=_run_block),
            markup.SkipParser(),
            *more,
        ],
        path=path,
        pattern=pattern,
        teardown=_close_loop,
    )


_pages = _sybil(myst, "docs", "*.md", myst.DocTestDirectiveParser(optionflags=ELLIPSIS))
_readme = _sybil(myst, ".", "README.md")
_docstrings = _sybil(
    rest, "scoretest", "*.py", rest.DocTestParser(optionflags=ELLIPSIS)
)

pytest_collect_file = SybilCollection([_pages, _readme, _docstrings]).pytest()
