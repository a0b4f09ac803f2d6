"""The page "differences from the server" is held against the code."""

import ast
import re

from scoretest._model import differences, sdk_differences
from scoretest._model.finding import CODES

from .repository import Tree, last_name, none_of, repository

TABLES = (
    differences.ORDER,
    differences.LATENCY,
    differences.LOUDER,
    differences.ACCIDENTS,
    differences.FRIENDLIER,
    sdk_differences.PACKAGE,
    sdk_differences.CONVERTED,
    sdk_differences.NOT_BUILT,
)
ALL = [difference for table in TABLES for difference in table]
RULES = re.compile(r"[A-IX]\d+(, [A-IX]\d+)*")
# the error itself, and what passes it on with words of a caller
DEFINITIONS = {"scoretest/errors.py", "scoretest/sdk/arguments.py"}
MAKERS = {"NotBuiltError", "not_built"}


def words(node: ast.expr) -> str:
    """Return the text of an expression, with {} for what is only known later."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            words(part) if isinstance(part, ast.Constant) else "{}"
            for part in node.values
        )
    return "{}"


def refusals(tree: Tree) -> list[tuple[str, str]]:
    """Return (file, text) of every error that says that something is not built."""
    return [
        (name, words(node.args[0]))
        for name in tree.under("scoretest")
        if name not in DEFINITIONS
        for node in ast.walk(tree.parse(name))
        if isinstance(node, ast.Call) and last_name(node.func) in MAKERS
    ]


def copies(tree: Tree) -> list[str]:
    """Return the files that do something in an exact world alone, once for each."""
    return [
        name
        for name in tree.under("scoretest")
        for node in ast.walk(tree.parse(name))
        if isinstance(node, ast.BoolOp)
        and any(last_name(value) == "is_exact" for value in node.values)
    ]


def untold(tree: Tree) -> list[str]:
    """Return the refusals that no difference tells of."""
    known = [d.refused for d in ALL if d.refused]
    return [
        f"{name}: {text}"
        for name, text in refusals(tree)
        if not any(phrase in text for phrase in known)
    ]


def test_every_refusal_is_told():
    """What raises `NotBuiltError` stands in the table."""
    none_of(untold(repository()))


def test_nothing_is_told_that_is_built():
    """What the table calls refused is refused somewhere."""
    texts = [text for _, text in refusals(repository())]

    none_of(
        [
            difference.refused
            for difference in ALL
            if not any(difference.refused in text for text in texts)
        ]
    )


def test_every_copied_accident_is_told():
    """Each place that asks for an exact world is one row of the accidents."""
    told = sorted(difference.copied for difference in differences.ACCIDENTS)

    assert sorted(copies(repository())) == told


def test_every_finding_of_the_table_exists():
    """A code that the table names is a finding's, and the row says so."""
    none_of(
        [
            d.code
            for d in ALL
            if d.code and (d.code not in CODES or d.code not in d.here)
        ]
    )


def test_rules_are_named_by_number():
    """Where the server was observed, the row has the number of the rule."""
    numbered = (*differences.ORDER, *differences.LATENCY, *differences.LOUDER)

    none_of([d.about for d in numbered if not RULES.fullmatch(d.about)])


def test_every_cell_is_a_sentence():
    """What the server and the harness do is said in sentences."""
    none_of([d.about for d in ALL if not (d.server[-1] == d.here[-1] == ".")])


def test_an_untold_refusal_is_seen(toy):
    """A text is known by its words, whatever stands in its places."""
    tree = toy(
        {
            "scoretest/a.py": """
                raise NotBuiltError(f"{x}= of invoke {y!r} is not built yet")
                raise NotBuiltError(f"a new {x} thing is not built yet", fix="wait")
                raise not_built("ctx.step.ai", NO_AI)
            """
        }
    )

    assert untold(tree) == ["scoretest/a.py: a new {} thing is not built yet"]


def test_an_untold_accident_is_seen(toy):
    """A condition counts, an assignment does not."""
    tree = toy(
        {
            "scoretest/a.py": """
                twin.is_exact = world.is_exact
                if world.is_exact and slow: pass
            """
        }
    )

    assert copies(tree) == ["scoretest/a.py"]
