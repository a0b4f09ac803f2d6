"""The pages: there, executed, linked, and in words that exist."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache

import pytest

from .repository import ROOT, Tree, none_of, repository

# the pages without which the documentation is not one
PAGES = [
    "README.md",
    "CHANGELOG.md",
    "docs/index.md",
    "docs/glossary.md",
    "docs/contributing.md",
]
EXECUTED = ["docs/tutorial", "docs/how-to", "docs/reference"]
_SKIP = re.compile(r"^(?:<!---?|%) *skip: *(?P<action>\w+)(?P<reason>.*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#[^)\s]*)?\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`[^`\n]*`")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_COUNT = re.compile(r"^(?P<file>.+): (?P<n>[0-9]+)$", re.MULTILINE)


@cache
def collected_examples() -> Counter[str]:
    """Return how many examples pytest collects from each page and each module."""
    options = ["--collect-only", "-qq", "--import-mode=importlib", "-o", "addopts="]
    done = subprocess.run(  # noqa: S603 -- pytest itself, with fixed arguments
        [sys.executable, "-m", "pytest", *options, "docs", "scoretest", "README.md"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in {0, 5}, done.stdout + done.stderr
    return Counter(
        {match["file"]: int(match["n"]) for match in _COUNT.finditer(done.stdout)}
    )


def skips(text: str) -> list[tuple[str, str]]:
    """Return (action, reason) of every skip in a page."""
    return [
        (match["action"], match["reason"].strip(" ->"))
        for match in _SKIP.finditer(text)
    ]


def unexecuted(tree: Tree, collected: Counter[str]) -> list[str]:
    """Return the pages that promise to be executed and have no executed block."""
    pages = [name for folder in EXECUTED for name in tree.under(folder, ".md")]
    # a skip is collected, and so is the block that it skips
    return [
        name for name in pages if collected[name] <= 2 * len(skips(tree.text(name)))
    ]


def silent_skips(tree: Tree) -> list[str]:
    """Return the skips of more than one block or without a reason."""
    return [
        f"{name}: skip: {action} {reason}"
        for name in ["README.md", *tree.under("docs", ".md")]
        for action, reason in skips(tree.text(name))
        if action != "next" or not re.search(r"""["'].+["']""", reason)
    ]


def overlooked(tree: Tree, collected: Counter[str]) -> list[str]:
    """Return the modules that hold an example which is not collected."""
    return [
        name
        for name in tree.under("scoretest")
        if re.search(r"^ *>>> ", tree.text(name), re.MULTILINE) and not collected[name]
    ]


def broken_links(tree: Tree) -> list[str]:
    """Return the relative links of the pages that lead nowhere."""
    wrong = []
    for name in ["README.md", "CHANGELOG.md", *tree.under("docs", ".md")]:
        prose = _INLINE.sub("", _FENCE.sub("", tree.text(name)))
        targets = [match["target"] for match in _LINK.finditer(prose)]
        wrong += [
            f"{name}: {target}"
            for target in targets
            if not re.match(r"[a-z]+:", target)
            and not ((tree.root / name).parent / target).exists()
        ]
    return wrong


def unknown_terms(tree: Tree) -> list[str]:
    """Return the terms in bold of the glossary that the package does not know.

    A term of several words is known as ``several_words``, ``SeveralWords`` or as it is.
    """
    source = "\n".join(map(tree.text, tree.under("scoretest")))
    known = re.sub(r"[\s_]+", "", source).lower()
    terms = [
        term.strip("`").lower() for term in _BOLD.findall(tree.text("docs/glossary.md"))
    ]
    return [term for term in terms if re.sub(r"[\s_-]+", "", term) not in known]


def readme_commands(tree: Tree) -> list[str]:
    """Return the block that runs the demo and the block that runs the tests."""
    blocks = [
        text for kind, text in _FENCE.findall(tree.text("README.md")) if kind == "sh"
    ]
    demo = next((text for text in blocks if "scoretest demo" in text), "")
    tests = next((text for text in blocks if "pytest" in text and text != demo), "")
    return [demo, tests]


def unreleased(tree: Tree) -> str:
    """Return the version in pyproject.toml, if the changelog has no entry for it."""
    version = tomllib.loads(tree.text("pyproject.toml"))["project"]["version"]
    entry = rf"^## \[?{re.escape(version)}\]?(?: |$)"
    return "" if re.search(entry, tree.text("CHANGELOG.md"), re.MULTILINE) else version


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_there(name):
    """The documentation is complete: the page exists and has content."""
    assert len(repository().text(name).split()) > 50


def test_every_page_that_teaches_is_executed():
    """Tutorial, how-to and reference pages each have an executed block."""
    none_of(unexecuted(repository(), collected_examples()))


@pytest.mark.parametrize("folder", EXECUTED)
def test_each_kind_of_page_has_pages(folder):
    """None of the executed kinds of documentation is empty."""
    assert repository().under(folder, ".md")


def test_examples_of_docs_and_docstrings_are_collected():
    """Pages, the README and the modules directly in the package give examples."""
    collected = collected_examples()

    assert collected["README.md"]
    assert [name for name in collected if name.startswith("docs/")]
    assert [name for name in collected if re.fullmatch(r"scoretest/\w+\.py", name)]
    none_of(overlooked(repository(), collected))


def test_every_skip_has_a_reason():
    """A block that is not executed says why, one block at a time."""
    none_of(silent_skips(repository()))


def test_every_link_leads_somewhere():
    """The relative links of the pages point to files."""
    none_of(broken_links(repository()))


def test_the_glossary_has_only_words_of_the_package():
    """Each term in bold of the glossary is a word that the code uses."""
    none_of(unknown_terms(repository()))


@pytest.mark.parametrize("number", [0, 1], ids=["demo", "tests"])
def test_the_readme_has_a_command_to_paste(number):
    """The demo and the tests each have a block of shell that needs no editing."""
    block = readme_commands(repository())[number]

    assert block
    assert "#" not in block
    assert "git clone" not in block


def test_the_changelog_knows_the_version():
    """The version of pyproject.toml has an entry in the changelog."""
    assert unreleased(repository()) == ""


def test_a_page_without_an_executed_block_is_seen(toy):
    """A skipped block does not count as executed, a second one does."""
    skipped = '<!-- skip: next "needs a server" -->\n'
    tree = toy(
        {
            "docs/how-to/none.md": "text",
            "docs/how-to/skipped.md": skipped,
            "docs/how-to/both.md": skipped,
            "docs/explanation/why.md": "text",
        }
    )
    collected = Counter({"docs/how-to/skipped.md": 2, "docs/how-to/both.md": 3})

    assert unexecuted(tree, collected) == [
        "docs/how-to/none.md",
        "docs/how-to/skipped.md",
    ]


def test_a_silent_skip_is_seen(toy):
    """A skip needs a reason in quotes and skips one block."""
    text = '<!-- skip: next "no net" -->\n<!-- skip: next -->\n% skip: start "all"\n'

    assert silent_skips(toy({"docs/a.md": text})) == [
        "docs/a.md: skip: next ",
        'docs/a.md: skip: start "all"',
    ]


def test_a_broken_link_is_seen(toy):
    """Code, addresses and anchors are no links to files."""
    text = """
        [a](a.md) [there](a.md#part) [out](https://example.org) `x](b.md)`
        [gone](gone.md)
    """

    assert broken_links(toy({"docs/a.md": text})) == ["docs/a.md: gone.md"]


def test_an_unknown_term_is_seen(toy):
    """A term of two words is found in a class name or a function name."""
    tree = toy(
        {
            "scoretest/a.py": "class EventBus: ...\ndef wait_index(): ...",
            "docs/glossary.md": "**Event bus**: x\n\n**wait index**: y\n\n**saga**: z",
        }
    )

    assert unknown_terms(tree) == ["saga"]


def test_a_missing_changelog_entry_is_seen(toy):
    """The entry is a heading with exactly the version of pyproject.toml."""
    project = '[project]\nversion = "0.1.0"'
    there = {"pyproject.toml": project, "CHANGELOG.md": "## [0.1.0] - 2026-11-22"}

    assert unreleased(toy(there)) == ""
    assert unreleased(toy(there | {"CHANGELOG.md": "## 0.1.01"})) == "0.1.0"


def test_the_commands_of_a_readme_are_found(toy):
    """The first block with the demo and the first other block with pytest count."""
    text = "```sh\nscoretest demo\n```\n```python\npytest\n```\n```sh\npytest -q\n```\n"

    assert readme_commands(toy({"README.md": text})) == [
        "scoretest demo\n",
        "pytest -q\n",
    ]
    assert readme_commands(toy({"README.md": ""})) == ["", ""]


TOY_PROJECT = {
    "pyproject.toml": '[tool.pytest]\nminversion = "9"\n',
    "README.md": "```python\nassert 1 + 1 == 2\n```\n",
    "docs/index.md": "```python\nx = 1\n```\nthen\n```python\nassert x == 1\n```\n",
    "docs/deep/page.md": "```python\nassert 2 > 1\n```\n",
    "toys/__init__.py": '"""A package."""\n',
    "toys/direct.py": '"""Say.\n\n>>> 1 + 1\n2\n"""\n',
    "toys/deep/__init__.py": '"""A package."""\n',
    "toys/deep/below.py": '"""Say.\n\n.. code-block:: python\n\n    assert 2 > 1\n"""\n',
}


def run_toy_project(tree: Tree, cwd: str) -> subprocess.CompletedProcess[str]:
    """Run the examples of a toy project with this repository's own conftest.py."""
    conftest = (ROOT / "conftest.py").read_text(encoding="utf-8")
    # another name than ours, so that the toy does not hide the real package
    text = conftest.replace('"scoretest", "*.py"', '"toys", "*.py"')
    (tree.root / "conftest.py").write_text(text, encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tree.root)]
    return subprocess.run(  # noqa: S603 -- pytest itself, with fixed arguments
        [sys.executable, "-m", "pytest", *options, str(tree.root)],
        cwd=tree.root / cwd,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("cwd", [".", "docs/deep"])
def test_conftest_runs_pages_and_docstrings_at_every_depth(toy, cwd):
    """Files directly in a folder and files below it are run, from any directory."""
    done = run_toy_project(toy(TOY_PROJECT), cwd)

    assert re.search(r"^6 passed", done.stdout, re.MULTILINE), done.stdout


def test_conftest_reports_a_wrong_example_at_its_line(toy):
    """An example that does not hold fails with the line of its page."""
    wrong = {"docs/index.md": "# Title\n\n```python\nx = 1\nassert x == 2\n```\n"}

    done = run_toy_project(toy(TOY_PROJECT | wrong), ".")

    assert "index.md:5: AssertionError" in done.stdout
