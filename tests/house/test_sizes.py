"""No file and no function may grow into a program of its own."""

import ast

from .repository import FUNCTIONS, Tree, functions, none_of, repository

FILE_LINES = 400
BODY_LINES = 40


def body_lines(node: FUNCTIONS) -> int:
    """Return the length of a function, its docstring not counted."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def long_files(tree: Tree) -> list[str]:
    """Return the files of the package that do not fit in one sitting."""
    sizes = {
        name: len(tree.text(name).splitlines()) for name in tree.under("scoretest")
    }
    return [f"{name}: {lines}" for name, lines in sizes.items() if lines > FILE_LINES]


def long_bodies(tree: Tree) -> list[str]:
    """Return the functions of the package that do not fit on a screen."""
    return [
        f"{name}: {function}: {body_lines(node)}"
        for name in tree.under("scoretest")
        for function, node in functions(tree.parse(name))
        if body_lines(node) > BODY_LINES
    ]


def test_a_file_is_one_concept():
    """A file of the package fits in one sitting."""
    none_of(long_files(repository()))


def test_a_function_fits_on_a_screen():
    """A body longer than the limit has a second function inside it."""
    none_of(long_bodies(repository()))


def test_one_line_too_many_is_seen(toy):
    """The limits are exact, and a docstring does not count."""
    tree = toy(
        {
            "scoretest/a.py": "#\n" * 400,
            "scoretest/b.py": "#\n" * 401,
            "scoretest/c.py": 'def full():\n    """Say."""\n' + "    call()\n" * 40,
            "scoretest/d.py": "class D:\n    def over(self):\n" + "        x()\n" * 41,
        }
    )

    assert long_files(tree) == ["scoretest/b.py: 401"]
    assert long_bodies(tree) == ["scoretest/d.py: D.over: 41"]
