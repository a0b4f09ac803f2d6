"""What the tests must be: sentences about the product, each rule carried by one."""

import ast
import re
from collections.abc import Iterator

import pytest

from .repository import FUNCTIONS, Tree, last_name, none_of, repository

# the rules of the engine's semantics that an issue promised; a later issue adds a line
RULES = {
    2: (
        "A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 "
        "D1 D2 D3 D4 D5 E1 E2 E4 E5 G1 G2 G3 G4 G5 I1 X3"
    ),
    4: "A2 A5 A11 B11 C2 C8 D6 E3 F1 F2 F3 F9 G6 H1 H3 H4 X4",
    6: "F4 F5 F6 F7 F8 H2 X1 X2",
}
_RULE = re.compile(r"\b[A-IX][1-9][0-9]?\b")


def each_test(
    tree: Tree, name: str
) -> Iterator[tuple[FUNCTIONS, list[FUNCTIONS | ast.ClassDef]]]:
    """Yield (test, test and the classes around it) for every test function of a file."""

    def below(
        node: ast.AST, around: list[ast.ClassDef]
    ) -> Iterator[tuple[FUNCTIONS, list[FUNCTIONS | ast.ClassDef]]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, FUNCTIONS) and child.name.startswith("test_"):
                yield child, [child, *around]
            elif isinstance(child, ast.ClassDef):
                yield from below(child, [child, *around])

    return below(tree.parse(name), [])


def collected_files(tree: Tree) -> list[str]:
    """Return the files that pytest collects by their name."""
    names = tree.under("tests")
    return [name for name in names if name.rpartition("/")[2].startswith("test_")]


def is_sentence(text: str | None) -> bool:
    """Say whether the first paragraph of *text* reads as a sentence."""
    first = (text or "").strip().partition("\n\n")[0]
    words = first.split()
    # `step.run` and `wait_for_event` may open a sentence in lower case
    opens = bool(words) and (
        not words[0][0].islower() or bool(re.search(r"\W|_", words[0]))
    )
    return opens and len(words) >= 3 and first.endswith(".")


def speechless(tree: Tree) -> list[str]:
    """Return the tests whose docstring is absent or no sentence."""
    return [
        f"{name}: {test.name}"
        for name in collected_files(tree)
        for test, _ in each_test(tree, name)
        if not is_sentence(ast.get_docstring(test))
    ]


def marked(node: FUNCTIONS | ast.ClassDef) -> set[str]:
    """Return the rules that ``@pytest.mark.rule(...)`` gives to *node*."""
    return {
        argument.value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and last_name(decorator) == "rule"
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    }


def carried_rules(tree: Tree) -> set[str]:
    """Return the rules that a test carries: by mark, in its name or in a docstring."""
    found = set()
    for name in collected_files(tree):
        if name.startswith("tests/house/"):
            continue
        for test, scopes in each_test(tree, name):
            found |= set(_RULE.findall(test.name.upper().replace("_", " ")))
            for scope in scopes:
                found |= marked(scope)
                found |= set(_RULE.findall(ast.get_docstring(scope) or ""))
    return found


def test_every_test_says_what_it_promises():
    """The docstring of every test is a sentence."""
    none_of(speechless(repository()))


@pytest.mark.parametrize("issue", RULES)
def test_every_promised_rule_is_carried_by_a_test(issue):
    """Each rule that an issue promised is named by at least one test."""
    carried = carried_rules(repository())

    none_of(rule for rule in RULES[issue].split() if rule not in carried)


def test_marks_name_real_rules():
    """The argument of the rule mark is the number of a rule."""
    tree = repository()
    wrong = [
        f"{name}: {rule}"
        for name in collected_files(tree)
        for _, scopes in each_test(tree, name)
        for scope in scopes
        for rule in marked(scope)
        if not _RULE.fullmatch(str(rule))
    ]

    none_of(wrong)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("A run ends once.", True),
        ("`send` returns the ids.", True),
        ("step.run is memoised.", True),
        ("\n    A long one\n    over two lines.\n\n    And more", True),
        (None, False),
        ("", False),
        ("Works.", False),
        ("it works very well.", False),
        ("A run ends once", False),
    ],
)
def test_a_sentence_is_told_from_a_label(text, verdict):
    """A capital, three words and a period make a sentence; code may open it."""
    assert is_sentence(text) is verdict


def test_a_test_without_a_sentence_is_seen(toy):
    """Methods count as well; helpers and other files do not."""
    tree = toy(
        {
            "tests/spec/test_a.py": """
                def helper(): ...
                class TestA:
                    def test_silent(self): ...
                    def test_spoken(self):
                        \"\"\"This one is a sentence.\"\"\"
            """,
            "tests/benchmarks/job.py": "def test_like(): ...",
        }
    )

    assert speechless(tree) == ["tests/spec/test_a.py: test_silent"]


def test_a_rule_is_found_in_mark_name_and_docstring(toy):
    """A class hands its rules to its tests, and prose outside a test carries none."""
    tree = toy(
        {
            "tests/spec/test_a.py": '''
                """A7 is only mentioned here."""
                @pytest.mark.rule("A1", "A2")
                def test_marked(): ...
                def test_b12_by_name(): ...
                class TestWait:
                    """B1: the past does not match."""
                    def test_it(self):
                        """An old event is ignored (B2)."""
            ''',
            "tests/house/test_b.py": 'def test_x():\n    """D1 is promised here."""',
        }
    )

    assert carried_rules(tree) == {"A1", "A2", "B12", "B1", "B2"}
