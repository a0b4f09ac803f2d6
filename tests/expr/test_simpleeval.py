# ruff: noqa: SLF001 -- the private names of simpleeval are the contract
"""The contract with simpleeval: six names, each of them needed."""

import ast
import subprocess
import sys

import pytest
import simpleeval

from scoretest.errors import InternalError
from scoretest.expr._dialect import engine_evaluator
from scoretest.expr._evaluator import Evaluator


def test_the_evaluator_is_a_simpleeval():
    """Dispatch and tables are simpleeval's own."""
    evaluator = engine_evaluator()

    assert isinstance(evaluator, simpleeval.SimpleEval)
    assert Evaluator._eval is simpleeval.SimpleEval._eval


@pytest.mark.parametrize(
    "name",
    ["_eval", "nodes", "operators", "functions", "names", "_check_disallowed_items"],
)
def test_the_six_names_exist(name):
    """What this package relies on is there in the installed simpleeval."""
    assert hasattr(simpleeval.SimpleEval(), name)


def test_dispatch_goes_through_nodes_and_then_the_guard():
    """`_eval` takes the handler of the node's type, then shows the result to the guard."""
    seen = []

    class Probe(simpleeval.SimpleEval):
        def _check_disallowed_items(self, item):
            seen.append(item)

    probe = Probe()
    probe.nodes = {ast.Constant: lambda node: node.value}

    assert (probe._eval(ast.Constant("x")), seen) == ("x", ["x"])


def test_no_handler_of_simpleeval_is_left():
    """A node that lowering never makes is not available."""
    evaluator = engine_evaluator()

    with pytest.raises(simpleeval.FeatureNotAvailable):
        evaluator._eval(ast.Attribute(ast.Constant("x"), "upper"))


def test_the_guard_refuses_whatever_is_no_value():
    """A foreign object in the middle of an evaluation is a bug of ours, and loud."""
    evaluator = engine_evaluator()

    with pytest.raises(InternalError, match="came upon a builtin_function_or_method"):
        evaluator._eval(ast.Constant(print))


@pytest.mark.parametrize(
    ("broken", "error"),
    [("simpleeval", "ModuleNotFoundError"), ("re2", "ExpressionError")],
)
def test_nothing_stands_in_for_a_missing_package(broken, error):
    """Without simpleeval nothing evaluates; without re2 `matches()` does not register."""
    program = (
        f"import sys; sys.modules[{broken!r}] = None\n"
        "from scoretest.expr import compile\n"
        "compile(\"async.data.x.matches('a')\").matches({'data': {'x': 'a'}})\n"
    )
    ran = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (ran.returncode, error in ran.stderr) == (1, True)


def test_without_re2_the_refusal_says_what_to_install():
    """The advice names the extra."""
    program = (
        "import sys; sys.modules['re2'] = None\n"
        "from scoretest.expr import ExpressionError, compile\n"
        "try: compile(\"async.data.x.matches('a')\")\n"
        "except ExpressionError as error: print(error.fix)\n"
    )
    ran = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert "scoretest[re2]" in ran.stdout


def test_importing_the_package_loads_no_simpleeval():
    """The cost of simpleeval is paid by the first evaluation."""
    program = "import scoretest.expr, sys; print('simpleeval' in sys.modules)"
    ran = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert ran.stdout.strip() == "False"
