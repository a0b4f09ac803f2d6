"""Who may import whom."""

import ast
import graphlib
import re
import sys
import tomllib

import pytest

from .repository import Tree, none_of, repository

FLOORS = [
    {"errors", "times", "_ids", "_json"},
    {"_model"},
    {"_core", "expr", "reports"},
    {"_engine", "sdk"},
    {"runtime"},
    {"adapters", "exploration"},
    {
        "pytest_plugin",
        "pytest_anyio",
        "pytest_asyncio",
        "strategies",
        "stateful",
        "cli",
        "__main__",
        "demo",
        "experiment",
        "faults",
        "flow",
    },
]
FLOOR = {wing: number for number, wings in enumerate(FLOORS) for wing in wings}
NEIGHBOURS = {
    ("times", "errors"): "the ground of the ground floor",
    ("_ids", "errors"): "the ground of the ground floor",
    ("_json", "errors"): "the ground of the ground floor",
    ("_ids", "times"): "an id carries an Instant",
    ("__main__", "cli"): "`python -m scoretest` is the command line",
    ("cli", "demo"): "`scoretest demo` is a command",
    ("stateful", "strategies"): "a machine draws from the strategies",
}
# an example of the README writes what its reader writes: `from scoretest import ...`
USERS = {"demo"}
PURE = [wing for wing, floor in FLOOR.items() if floor <= 3]
OUTSIDE = {
    "asyncio",
    "concurrent",
    "ctypes",
    "glob",
    "importlib",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uuid",
}
OUTSIDE_CALLS = {"open", "input", "print", "breakpoint", "__import__"}
THIRD_PARTY = {
    "_core": {"cronsim"},  # reads the fields of a cron; pure, and without dependencies
    "expr": {"simpleeval", "re2"},
    "reports": {"rich", "jinja2"},
    "sdk": {"pydantic"},
}
DISTRIBUTIONS = {
    "re2": "google-re2",
    "_pytest": "pytest",
    "time_machine": "time-machine",
}


def wing(module: str) -> str:
    """Return the part of the package that *module* belongs to."""
    return module.partition(".")[0]


def inner_imports(tree: Tree, module: str) -> set[str]:
    """Return the modules of this package that *module* imports; ``""`` is the roof."""
    parts = module.split(".")
    here = parts if tree.modules[module].endswith("__init__.py") else parts[:-1]
    found = set()
    for node in ast.walk(tree.parse(tree.modules[module])):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            base += node.module.split(".") if node.module else []
            for alias in node.names:
                full = ".".join([*base, alias.name])
                found.add(full if full in tree.modules else ".".join(base))
    return found - {module}


def outer_imports(tree: Tree, module: str) -> set[str]:
    """Return the top-level names of everything that *module* imports from elsewhere."""
    names = []
    for node in ast.walk(tree.parse(tree.modules[module])):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
    return {name.partition(".")[0] for name in names}


def homeless(tree: Tree) -> list[str]:
    """Return the modules whose wing stands on no floor."""
    return [module for module in tree.modules if wing(module) not in FLOOR]


def climbing(tree: Tree) -> list[str]:
    """Return the imports of a higher floor, a neighbour, the roof or an absolute self."""
    wrong = []
    for module in tree.modules:
        mine = wing(module)
        for name in sorted(inner_imports(tree, module)):
            theirs = wing(name)
            higher = FLOOR.get(theirs, len(FLOORS)) >= FLOOR.get(mine, 0)
            if mine != theirs and higher and (mine, theirs) not in NEIGHBOURS:
                wrong.append(f"{module} imports {name or 'the roof'}")
        if "scoretest" in outer_imports(tree, module) and mine not in USERS:
            wrong.append(f"{module} imports its own package by its absolute name")
    return wrong


def impure(tree: Tree) -> list[str]:
    """Return what floors 0 to 3 take from clock, chance, loop, file or third party."""
    wrong = []
    for module in tree.modules:
        if wing(module) not in PURE:
            continue
        allowed = THIRD_PARTY.get(wing(module), set())
        wrong += [
            f"{module} imports {name}"
            for name in sorted(outer_imports(tree, module) - allowed)
            if name in OUTSIDE or name not in sys.stdlib_module_names
        ]
        wrong += [
            f"{module} calls {node.func.id}()"
            for node in ast.walk(tree.parse(tree.modules[module]))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in OUTSIDE_CALLS
        ]
    return wrong


def undeclared(tree: Tree) -> list[str]:
    """Return the third-party imports that pyproject.toml does not bring."""
    project = tomllib.loads(tree.text("pyproject.toml"))["project"]
    extras = project.get("optional-dependencies", {})
    lines = [
        *project["dependencies"],
        *(line for extra in extras.values() for line in extra),
    ]
    declared = {re.split(r"[\[<>=!~ ]", line)[0].lower() for line in lines}
    return [
        f"{module} imports {name}"
        for module in tree.modules
        for name in sorted(outer_imports(tree, module) - {"scoretest"})
        if name not in sys.stdlib_module_names
        and DISTRIBUTIONS.get(name, name) not in declared
    ]


def acquainted_organs(tree: Tree) -> list[str]:
    """Return the files of _core that know another file of _core."""
    return [
        f"{module} imports {name}"
        for module in tree.modules
        if module.startswith("_core.")
        for name in sorted(inner_imports(tree, module))
        if wing(name) == "_core"
    ]


def cycle(tree: Tree) -> list[str]:
    """Return the modules of one import cycle, or nothing."""
    graph = {module: inner_imports(tree, module) for module in tree.modules}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_every_module_has_a_floor():
    """A new wing is a decision: it is written into FLOORS."""
    none_of(homeless(repository()))


def test_imports_only_go_down():
    """A module imports its own wing and lower floors, never a neighbour or higher."""
    none_of(climbing(repository()))


def test_the_core_touches_no_outside_world():
    """Below the runtime there is no clock, no chance, no loop, no file, no stranger."""
    none_of(impure(repository()))


def test_every_third_party_import_is_declared():
    """What the package imports is in the dependencies or in an extra."""
    none_of(undeclared(repository()))


def test_organs_do_not_know_each_other():
    """Only the engine composes the files of _core."""
    none_of(acquainted_organs(repository()))


def test_there_is_no_import_cycle():
    """The import graph, type-only imports included, can be sorted."""
    none_of(cycle(repository()))


CLEAN = {
    "pyproject.toml": '[project]\ndependencies = ["rich>=13"]',
    "scoretest/__init__.py": "from .runtime import Harness",
    "scoretest/errors.py": "",
    "scoretest/times.py": "from .errors import UsageError",
    "scoretest/_model/__init__.py": "from .fact import Fact",
    "scoretest/_model/fact.py": "from ..times import Instant",
    "scoretest/_core/runs.py": "from .._model import Fact",
    "scoretest/_core/waits.py": "from .._model import Fact",
    "scoretest/reports/text.py": "import rich",
    "scoretest/_engine/engine.py": "from .._core.runs import Run",
    "scoretest/sdk/step.py": "",
    "scoretest/runtime/loop.py": "import asyncio, rich",
    "scoretest/demo.py": "from scoretest import Harness",
}
LAWS = [homeless, climbing, impure, undeclared, acquainted_organs, cycle]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_clean_toy_package_breaks_no_law(toy, law):
    """The laws accept a package that keeps them."""
    assert law(toy(CLEAN)) == []


@pytest.mark.parametrize(
    ("law", "file", "text", "violation"),
    [
        (homeless, "wizard.py", "", "wizard"),
        (climbing, "times.py", "from ._core import runs", "times imports _core.runs"),
        (
            climbing,
            "_engine/engine.py",
            "from ..sdk.step import Step",
            "_engine.engine imports sdk.step",
        ),
        (
            climbing,
            "_core/runs.py",
            "if TYPE_CHECKING:\n    from ..runtime.loop import Loop",
            "_core.runs imports runtime.loop",
        ),
        (climbing, "cli/run.py", "from .. import Harness", "cli.run imports the roof"),
        (
            climbing,
            "sdk/step.py",
            "import scoretest.times",
            "sdk.step imports its own package by its absolute name",
        ),
        (
            impure,
            "_core/runs.py",
            "def now():\n    import time\n",
            "_core.runs imports time",
        ),
        (impure, "sdk/step.py", "import rich", "sdk.step imports rich"),
        (impure, "_model/fact.py", "open('x')", "_model.fact calls open()"),
        (undeclared, "runtime/loop.py", "import trio", "runtime.loop imports trio"),
        (
            acquainted_organs,
            "_core/runs.py",
            "from .waits import Wait",
            "_core.runs imports _core.waits",
        ),
        (
            cycle,
            "_model/fact.py",
            "def late():\n    from . import Fact\n",
            "_model",
        ),
    ],
)
def test_each_law_sees_its_violation(toy, law, file, text, violation):
    """One wrong line in a clean package is reported by the law that forbids it."""
    assert violation in law(toy(CLEAN | {f"scoretest/{file}": text}))
