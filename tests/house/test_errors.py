"""What the package raises, and that each error's text is known by heart."""

import ast
import re
from collections.abc import Iterator

import pytest

from .repository import (
    FUNCTIONS,
    Tree,
    classes,
    functions,
    last_name,
    none_of,
    repository,
)
from .test_floors import FLOOR, wing

BASE = "ScoretestError"
# exceptions of our own that are no ScoretestError, because a user's handler catches or
# raises them under the names that they have in the real SDK
OF_THE_SDK = {"NonRetriableError", "RetryAfterError", "StepError"}
# "module: exception" -> why a foreign exception is right there
FOREIGN = {
    "_json: _NotPlain": "a signal between two passes; it never leaves the module",
    "_engine._steps: ServerFailure": "the server's verdict; the engine makes a fact of it",
    "exploration.table: AssertionError": "what pytest shows as a failed comparison",
    "expr._budget: Exhausted": "a signal to the evaluator, which makes a fault of it",
    "expr._time: ValueError": "the parts of a time are read by what raises the same",
    "runtime.coroutines: CancelledError": "what asyncio's scopes unwind by",
    "runtime.extrication: interrupt": "the interrupt that its caller asked for",
    "adapters.inngest_sdk: AttributeError": "what __getattr__ owes to hasattr",
    "runtime.harness: AttributeError": "what __getattr__ owes to hasattr",
}


def family(tree: Tree, root: str) -> set[str]:
    """Return the names of the classes of the package below *root*, directly or not."""
    bases = {
        node.name: {last_name(base) for base in node.bases}
        for name in tree.under("scoretest")
        for node in classes(tree.parse(name))
    }
    found = {root}
    while more := {name for name in bases if bases[name] & found} - found:
        found |= more
    return found - {root}


def own_exceptions(tree: Tree) -> set[str]:
    """Return the names of everything that the package may raise."""
    return (
        family(tree, BASE)
        | family(tree, "BaseException")
        | (OF_THE_SDK & (family(tree, "Exception") | OF_THE_SDK))
    )


def builders(tree: Tree, ours: set[str]) -> set[str]:
    """Return the names of the functions that are annotated to return one of *ours*."""
    return {
        node.name
        for name in tree.under("scoretest")
        for _, node in functions(tree.parse(name))
        if node.returns is not None and _names(node.returns) & ours
    }


def _names(annotation: ast.expr) -> set[str]:
    return set(re.findall(r"\w+", ast.unparse(annotation)))


def raises(
    tree: ast.AST, function: FUNCTIONS | None = None
) -> Iterator[tuple[ast.Raise, FUNCTIONS | None]]:
    """Yield (raise, innermost function) for every raise that names an exception."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield node, function
        elif isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            yield from raises(node, node if isinstance(node, FUNCTIONS) else function)


def is_held(raised: ast.expr, function: FUNCTIONS | None) -> bool:
    """Say whether *raised* is an error that exists already: a variable, an attribute."""
    if isinstance(raised, ast.Attribute):
        return not raised.attr[:1].isupper()
    return (
        isinstance(raised, ast.Name)
        and function is not None
        and not raised.id.lstrip("_")[:1].isupper()
    )


def foreign_raises(tree: Tree) -> list[str]:
    """Return the raises in floors 0 to 5 that do not build an error of ours."""
    ours = own_exceptions(tree)
    allowed = ours | builders(tree, ours)
    # an interrupt says everything by its class
    interrupts = family(tree, "BaseException") | family(tree, "KeyboardInterrupt")
    wrong = []
    for module, name in tree.modules.items():
        if FLOOR.get(wing(module), 0) > 5:
            continue
        for node, function in raises(tree.parse(name)):
            raised = node.exc
            built = isinstance(raised, ast.Call) and last_name(raised) in allowed
            listed = f"{module}: {last_name(raised)}" in FOREIGN
            bare = isinstance(raised, ast.Name) and raised.id in interrupts
            if not (built or bare or listed or is_held(raised, function)):
                wrong.append(f"{name}:{node.lineno}: raise {ast.unparse(raised)}")
    return wrong


def without_golden_text(tree: Tree) -> list[str]:
    """Return the error classes that no test in tests/errors names."""
    text = "\n".join(map(tree.text, tree.under("tests/errors")))
    words = set(re.findall(r"\w+", text))
    return sorted(family(tree, BASE) - words)


def test_every_raise_builds_one_of_our_errors():
    """Floors 0 to 5 raise our errors with their parts, or re-raise what they caught."""
    none_of(foreign_raises(repository()))


def test_every_error_class_has_a_golden_text():
    """Each subclass of ScoretestError is named by a test in tests/errors."""
    none_of(without_golden_text(repository()))


def test_every_listed_exception_is_still_raised():
    """The list of foreign exceptions holds nothing that the code no longer needs."""
    tree = repository()
    seen = {
        f"{module}: {last_name(node.exc)}"
        for module, name in tree.modules.items()
        for node, _ in raises(tree.parse(name))
    }

    none_of(sorted(FOREIGN.keys() - seen))


ERRORS = """
    class ScoretestError(Exception): ...
    class UsageError(ScoretestError): ...
    class Parked(BaseException): ...
    def refused(value) -> UsageError: ...
    def vague(value): ...
"""


@pytest.mark.parametrize(
    ("line", "is_wrong"),
    [
        ("raise UsageError('x')", False),
        ("raise errors.UsageError('x') from None", False),
        ("raise Parked()", False),
        ("raise Parked", False),
        ("raise StepError('x')", False),
        ("raise refused(1)", False),
        ("raise error", False),
        ("raise self.error", False),
        ("raise", False),
        ("raise UsageError", True),
        ("raise vague(1)", True),
        ("raise ValueError('x')", True),
        ("raise NotImplementedError", True),
        ("raise Exception()", True),
    ],
)
def test_a_foreign_raise_is_seen(toy, line, is_wrong):
    """Only errors of ours, built on the spot or held already, may be raised."""
    body = f"def f(error):\n    {line}\n"
    tree = toy({"scoretest/errors.py": ERRORS, "scoretest/sdk/step.py": body})

    assert bool(foreign_raises(tree)) is is_wrong


def test_an_error_without_a_golden_text_is_seen(toy):
    """A subclass counts, and a mention as part of another word does not."""
    tree = toy(
        {
            "scoretest/errors.py": ERRORS,
            "scoretest/more.py": "class DeeperError(UsageError): ...",
            "tests/errors/test_texts.py": "NotDeeperError, UsageError",
        }
    )

    assert without_golden_text(tree) == ["DeeperError"]
