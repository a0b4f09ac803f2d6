"""What the house tests read: the files of this repository, as text and as syntax trees.

Each law is a function from a tree of files to a list of violations, so that the same
function judges the repository and, in its self-check, a toy tree that breaks the law.
"""

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
# what a checkout without git (an unpacked sdist) may hold beside the sources
_GENERATED = {
    "__pycache__",
    ".ci-venv",
    ".git",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "build",
    "dist",
}


class Tree:
    """A folder of files, read at most once each."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self._texts: dict[str, str] = {}
        self._parsed: dict[str, ast.Module] = {}

    @cached_property
    def files(self) -> list[str]:
        """The relative paths of all files that belong to the project."""
        listed = self._from_git() if (self.root / ".git").exists() else self._walked()
        return sorted(name for name in listed if (self.root / name).is_file())

    def _from_git(self) -> list[str]:
        command = ["git", "ls-files", "-z", "--cached", "--others"]
        done = subprocess.run(  # noqa: S603 -- a fixed command
            [*command, "--exclude-standard"],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        )
        return [name for name in done.stdout.split("\0") if name]

    def _walked(self) -> list[str]:
        names = (path.relative_to(self.root) for path in self.root.rglob("*"))
        return [name.as_posix() for name in names if not _GENERATED & {*name.parts}]

    def under(self, folder: str, suffix: str = ".py") -> list[str]:
        """Return the files below *folder* that end in *suffix*."""
        return [
            name
            for name in self.files
            if name.startswith(f"{folder}/") and name.endswith(suffix)
        ]

    def text(self, name: str) -> str:
        """Return the text of a file, or nothing if it is absent or not text."""
        if name not in self._texts:
            path = self.root / name
            raw = path.read_bytes() if path.is_file() else b""
            self._texts[name] = "" if b"\0" in raw else raw.decode(errors="replace")
        return self._texts[name]

    def parse(self, name: str) -> ast.Module:
        """Return the syntax tree of a Python file."""
        if name not in self._parsed:
            self._parsed[name] = ast.parse(self.text(name), name)
        return self._parsed[name]

    def comments(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield (line, text) of every comment of a Python file."""
        for token in tokenize.generate_tokens(io.StringIO(self.text(name)).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string

    @cached_property
    def modules(self) -> dict[str, str]:
        """Dotted name below the package -> file; the roof itself is left out."""
        dotted = {
            ".".join(Path(name).with_suffix("").parts[1:]): name
            for name in self.under("scoretest")
        }
        return {
            name.removesuffix(".__init__"): path
            for name, path in dotted.items()
            if name != "__init__"
        }


@cache
def repository() -> Tree:
    """Return this repository, which does not change while it is judged."""
    return Tree()


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, FUNCTIONS]]:
    """Yield (qualified name, node) of every function, the nested ones included."""
    for node in ast.iter_child_nodes(tree):
        inside = prefix
        if isinstance(node, FUNCTIONS | ast.ClassDef):
            inside = f"{prefix}{node.name}."
        if isinstance(node, FUNCTIONS):
            yield f"{prefix}{node.name}", node
        yield from functions(node, inside)


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    """Yield every class of a module, at any depth."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name, ``"c"`` for ``a.b.c`` and ``a.b.c(...)``."""
    if isinstance(node, ast.Call | ast.Subscript):
        return last_name(node.func if isinstance(node, ast.Call) else node.value)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def none_of(violations: Iterable[str]) -> None:
    """Fail with the list of *violations*, if there are any."""
    __tracebackhide__ = True
    found = list(violations)
    if found:
        pytest.fail(f"{len(found)} violations:\n  " + "\n  ".join(found))
