"""Every exception has a reason, and some texts have no place in the repository."""

import re
import tomllib

import pytest

from .repository import ROOT, Tree, none_of, repository

GLOBAL_IGNORES = 12
_NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)", re.IGNORECASE)
_TYPE = re.compile(r"#\s*type:\s*ignore(?P<rest>.*)")
_CODED = {
    # codes, then words that say why
    _NOQA: re.compile(r":\s*[A-Z]+[0-9]+(?:[, ]+[A-Z]+[0-9]+)*\W+\w+"),
    _TYPE: re.compile(r"\[[\w, -]+\]\W+\w+"),
}
_PRAGMA = re.compile(r"#\s*pragma:\s*no")
# built from parts, so that this file does not hold what it forbids
_LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!.*#[0-9])")
_HOSTS = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("python" + "hosted", "org"),
            ("registry", "npm" + "js", "org"),
            ("registry", "yarn" + "pkg", "com"),
            ("proxy", "golang", "org"),
            ("index", "crates", "io"),
        )
    )
)
_HOMES = re.compile(
    r"(?<![\w.~{}-])/(?:ro" + r"ot|ho" + r"me|Us" + r"ers|t" + r"mp)/[\w.]"
)
_LOCKS = {"package-lock.json", "pnpm-lock.yaml", "npm-shrinkwrap.json"}


def unreasoned(tree: Tree) -> list[str]:
    """Return the lint and type ignores without a code and a reason, and all pragmas."""
    wrong = []
    for name in tree.files:
        if not name.endswith(".py"):
            continue
        for line, comment in tree.comments(name):
            bad = bool(_PRAGMA.search(comment))
            for pattern, coded in _CODED.items():
                found = pattern.search(comment)
                bad |= bool(found) and not coded.match(found["rest"])
            wrong += [f"{name}:{line}: {comment}"] if bad else []
    return wrong


def ignore_lines(text: str) -> list[str]:
    """Return the entries of ruff's ignore lists in the text of pyproject.toml."""
    lists = re.findall(
        r"^(?:ignore|\"[^\"]+\") = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL
    )
    return [line.strip() for entries in lists for line in entries.splitlines() if line]


def bare_ignores(tree: Tree) -> list[str]:
    """Return the ignored rules in pyproject.toml that have no reason beside them."""
    text = tree.text("pyproject.toml")
    lint = text[text.index("[tool.ruff.lint]") :]
    return [line for line in ignore_lines(lint) if not re.search(r"#\s*\w+", line)]


def postponed(tree: Tree) -> list[str]:
    """Return the lines that put something off without the number of an issue."""
    return [
        f"{name}:{number}"
        for name in tree.files
        for number, line in enumerate(tree.text(name).splitlines(), 1)
        if _LATER.search(line)
    ]


def forbidden(tree: Tree, parent: str = "") -> list[str]:
    """Return the lines with a registry's host or a path of somebody's machine.

    Args:
        tree: The files.
        parent: The folder that holds the checkout; empty if it says nothing.
    """
    patterns = [_HOSTS, _HOMES]
    if parent:
        patterns.append(re.compile(rf"(?<![\w.-]){re.escape(parent)}/"))
    return [
        f"{name}:{number}: {line.strip()}"
        for name in tree.files
        for number, line in enumerate(tree.text(name).splitlines(), 1)
        if any(pattern.search(line) for pattern in patterns)
    ]


def locks(tree: Tree) -> list[str]:
    """Return the lock files: they pin what a library must leave open."""
    return [
        name
        for name in tree.files
        if name.endswith(".lock") or name.rpartition("/")[2] in _LOCKS
    ]


def test_every_ignore_has_a_reason():
    """Each noqa and each type ignore names its code and says why on the same line."""
    none_of(unreasoned(repository()))


def test_global_ignores_are_few_and_explained():
    """Ruff's list of ignored rules is short, and each has its reason beside it."""
    tree = repository()
    lint = tomllib.loads(tree.text("pyproject.toml"))["tool"]["ruff"]["lint"]

    assert len(lint["ignore"]) <= GLOBAL_IGNORES
    none_of(bare_ignores(tree))


def test_nothing_is_put_off_without_an_issue():
    """A note about later work carries the number of its issue."""
    none_of(postponed(repository()))


def test_no_file_names_a_registry_or_a_machine():
    """The repository holds no registry host and no absolute path of a machine."""
    parent = ROOT.parent.as_posix()

    none_of(forbidden(repository(), "" if parent == "/" else parent))


def test_there_is_no_lock_file():
    """The dependencies are ranges, so nothing is locked."""
    none_of(locks(repository()))


@pytest.mark.parametrize(
    ("comment", "is_wrong"),
    [
        ("# noqa: S307 -- our own documentation", False),
        ("# noqa: S307, ARG001 -- the port asks for it", False),
        ("# type: ignore[misc]  # the stub is wrong", False),
        ("# only a remark", False),
        ("# noqa: S307", True),
        ("# noqa", True),
        ("# noqa -- because I say so", True),
        ("# type: ignore[misc]", True),
        ("# type: ignore  # the stub is wrong", True),
        ("# pragma: " + "no cover", True),
    ],
)
def test_an_ignore_without_a_reason_is_seen(toy, comment, is_wrong):
    """Code and reason are both needed, and coverage has no exceptions in the source."""
    assert bool(unreasoned(toy({"a.py": f"x = 1  {comment}\n"}))) is is_wrong


def test_a_bare_global_ignore_is_seen(toy):
    """The ignore lists for single files are looked at as well."""
    text = """
        [tool.ruff.lint]
        ignore = [
          "D105", # magic methods explain themselves
          "D107",
        ]
        [tool.ruff.lint.per-file-ignores]
        "tests/**" = [
          "S101",
        ]
    """

    assert bare_ignores(toy({"pyproject.toml": text})) == ['"D107",', '"S101",']


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("TO" + "DO: later", True),
        ("# FIX" + "ME", True),
        ("TO" + "DO #12: later", False),
        ("a to-do list", False),
    ],
)
def test_a_note_without_an_issue_is_seen(toy, text, is_wrong):
    """The number may stand anywhere after the word."""
    assert bool(postponed(toy({"docs/a.md": text}))) is is_wrong


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("see files.python" + "hosted.org", True),
        ("https://registry.npm" + "js.org/x", True),
        ("cd /ro" + "ot/project", True),
        ("'/ho" + "me/ada/x'", True),
        ("/t" + "mp/x", True),
        ("cd /yard/scoretest", True),
        ("docs/ho" + "me/x and ~/t" + "mp/x", False),
        ("https://example.org/t" + "mp/x", False),
        ("/courtyard/x", False),
    ],
)
def test_a_forbidden_text_is_seen(toy, text, is_wrong):
    """Absolute paths count, relative ones and parts of addresses do not."""
    assert bool(forbidden(toy({"docs/a.md": text}), "/yard")) is is_wrong


def test_a_lock_file_is_seen(toy):
    """Lock files are known by their names."""
    tree = toy({"uv.lock": "", "web/package-lock.json": "", "docs/lock.md": ""})

    assert locks(tree) == ["uv.lock", "web/package-lock.json"]
