"""What the package shows: annotations, docstrings and the names at the root."""

import ast
import re
from collections.abc import Iterator

from .repository import FUNCTIONS, Tree, functions, last_name, none_of, repository

ROOF = "scoretest/__init__.py"
ROOT_NAMES = 40
# not meant to be read at the place of their definition
_UNDOCUMENTED = {"overload", "override", "setter", "deleter"}


def decorators(node: FUNCTIONS | ast.ClassDef) -> set[str]:
    """Return the last names of the decorators of *node*."""
    return {last_name(decorator) for decorator in node.decorator_list}


def unannotated(tree: Tree) -> list[str]:
    """Return every parameter and every return value without a type."""
    wrong = []
    for name in tree.under("scoretest"):
        for function, node in functions(tree.parse(name)):
            spec = node.args
            plain = [*spec.posonlyargs, *spec.args]
            if plain and plain[0].arg in {"self", "cls"}:
                plain = plain[1:]
            stars = [star for star in (spec.vararg, spec.kwarg) if star]
            wrong += [
                f"{name}: {function}({parameter.arg})"
                for parameter in [*plain, *spec.kwonlyargs, *stars]
                if parameter.annotation is None
            ]
            wrong += [f"{name}: {function} ->"] if node.returns is None else []
    return wrong


def public(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield (name, node) of the public classes, functions and methods below *node*."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS | ast.ClassDef):
            if child.name.startswith("_") or decorators(child) & _UNDOCUMENTED:
                continue
            yield prefix + child.name, child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.If | ast.Try):
            yield from public(child, prefix)


def undocumented(tree: Tree) -> list[str]:
    """Return the public names, modules included, without a docstring."""
    modules = tree.under("scoretest")
    wrong = [name for name in modules if not ast.get_docstring(tree.parse(name))]
    return wrong + [
        f"{name}: {public_name}"
        for name in modules
        for public_name, node in public(tree.parse(name))
        if not ast.get_docstring(node)
    ]


def root_names(tree: Tree) -> list[str]:
    """Return the names of ``__all__`` at the root, in their order."""
    for node in tree.parse(ROOF).body:
        if isinstance(node, ast.Assign) and last_name(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def in_order(name: str) -> tuple[int, str]:
    """Return the sort key of a public name: CONSTANTS, Classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def crowded_roof(tree: Tree) -> list[str]:
    """Return what is wrong with the list of names at the root."""
    names = root_names(tree)
    wrong = [] if names else ["no names at all"]
    wrong += [] if names == sorted(names, key=in_order) else ["not sorted"]
    wrong += [] if len(names) == len(set(names)) else ["a name twice"]
    return wrong + ([] if len(names) < ROOT_NAMES else [f"{len(names)} names"])


def unmentioned(tree: Tree, folder: str, suffix: str) -> list[str]:
    """Return the root names that no file of *folder* mentions."""
    text = "\n".join(map(tree.text, tree.under(folder, suffix)))
    words = set(re.findall(r"\w+", text))
    return [name for name in root_names(tree) if name not in words]


def unexplained_modules(tree: Tree) -> list[str]:
    """Return the public modules directly in the package that no reference page names.

    Not public are the words of floor 0, and the example of the README.
    """
    text = "\n".join(map(tree.text, tree.under("docs/reference", ".md")))
    names = [name.partition("/")[2] for name in tree.under("scoretest")]
    modules = {
        name.removesuffix(".py")
        for name in names
        if "/" not in name and not name.startswith("_")
    }
    return [
        module
        for module in sorted(modules - {"times", "demo"})
        if f"scoretest.{module}" not in text
    ]


def test_everything_is_annotated():
    """Every parameter and every return value of the package has a type."""
    none_of(unannotated(repository()))


def test_every_public_name_is_documented():
    """Every public module, class, function and method says what it is."""
    none_of(undocumented(repository()))


def test_the_root_is_small_and_sorted():
    """The root has fewer than 40 names, sorted, each once."""
    none_of(crowded_roof(repository()))


def test_every_root_name_exists():
    """Each name that the root promises can be imported from it."""
    import scoretest  # noqa: PLC0415 -- the other laws hold even if this import fails

    missing = [
        name for name in root_names(repository()) if not hasattr(scoretest, name)
    ]

    none_of(missing)


def test_every_root_name_has_a_reference_page():
    """Each name at the root is explained on a page of the reference."""
    none_of(unmentioned(repository(), "docs/reference", ".md"))


def test_every_public_module_has_a_reference_page():
    """What is imported beside the root, to opt in above all, is explained."""
    none_of(unexplained_modules(repository()))


def test_an_unexplained_module_is_seen(toy):
    """Private modules and packages are not looked at."""
    tree = toy(
        {
            "scoretest/__init__.py": "",
            "scoretest/_ids.py": "",
            "scoretest/times.py": "",
            "scoretest/runtime/loop.py": "",
            "scoretest/pytest_anyio.py": "",
            "scoretest/stateful.py": "",
            "docs/reference/pytest.md": "`scoretest.pytest_anyio`",
        }
    )

    assert unexplained_modules(tree) == ["stateful"]


def test_every_root_name_has_a_typing_test():
    """Each name at the root is used in code that the type checker reads."""
    none_of(unmentioned(repository(), "tests/typing", ".py"))


def test_a_missing_annotation_is_seen(toy):
    """Parameters of all kinds and return values are looked at, self is not."""
    tree = toy(
        {
            "scoretest/a.py": """
                class A:
                    def fine(self, x: int, *rest: int, key: int = 1) -> None: ...
                    def wrong(self, x, *rest, key=1, **more): ...
            """
        }
    )

    assert unannotated(tree) == [
        "scoretest/a.py: A.wrong(x)",
        "scoretest/a.py: A.wrong(key)",
        "scoretest/a.py: A.wrong(rest)",
        "scoretest/a.py: A.wrong(more)",
        "scoretest/a.py: A.wrong ->",
    ]


def test_a_missing_docstring_is_seen(toy):
    """Modules, classes, methods and functions need one; private names do not."""
    tree = toy(
        {
            "scoretest/a.py": "",
            "scoretest/b.py": '''
                """A module."""
                def f(): ...
                def _f(): ...
                class B:
                    def m(self): ...
                    def __len__(self): ...
                class _B:
                    def m(self): ...
            ''',
        }
    )

    assert undocumented(tree) == [
        "scoretest/a.py",
        "scoretest/b.py: f",
        "scoretest/b.py: B",
        "scoretest/b.py: B.m",
    ]


def test_a_crowded_roof_is_seen(toy):
    """Disorder, repetition, excess and absence are each reported."""
    names = [f"name_{number:02}" for number in range(40)]

    assert crowded_roof(toy({ROOF: "__all__ = ['A', 'B', 'a']"})) == []
    assert crowded_roof(toy({ROOF: ""})) == ["no names at all"]
    assert crowded_roof(toy({ROOF: "__all__ = ['a', 'B']"})) == ["not sorted"]
    assert crowded_roof(toy({ROOF: "__all__ = ['B', 'B']"})) == ["a name twice"]
    assert crowded_roof(toy({ROOF: f"__all__ = {names}"})) == ["40 names"]


def test_a_name_without_a_page_is_seen(toy):
    """A name counts as mentioned only as a whole word."""
    tree = toy(
        {
            ROOF: "__all__ = ['Event', 'Harness']",
            "docs/reference/api.md": "`Harness` and EventLoop",
        }
    )

    assert unmentioned(tree, "docs/reference", ".md") == ["Event"]
