# ruff: noqa: SLF001 -- the private names of simpleeval are the contract
"""The contract with simpleeval: six names, each of them needed."""

import ast
import subprocess
import sys

import pytest
import simpleeval

from scoretest.errors import InternalError
from scoretest.expr import (
    EvaluationError,
    ExpressionError,
    _expression,
    _library,
    compile,  # noqa: A004 -- the API's own name
)
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


def test_nothing_stands_in_for_simpleeval():
    """Without simpleeval nothing evaluates."""
    program = (
        "import sys; sys.modules['simpleeval'] = None\n"
        "from scoretest.expr import compile\n"
        "compile('async.data.x == 1').matches({'data': {'x': 1}})\n"
    )
    ran = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (ran.returncode, "ModuleNotFoundError" in ran.stderr) == (1, True)


@pytest.fixture
def without_re2(monkeypatch):
    """A world in which google-re2 was never installed."""
    monkeypatch.setitem(sys.modules, "re2", None)
    caches = (
        _library._re2,
        _library._pattern,
        _expression._checked,
        _expression._registers,
    )
    for cache in caches:
        cache.cache_clear()
    yield
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("without_re2")
def test_without_re2_matches_is_refused_with_advice():
    """Python's own matcher is no substitute: it can take for ever."""
    with pytest.raises(ExpressionError) as caught:
        compile("true && async.data.x.matches('a')")

    assert (caught.value.what, caught.value.start) == ("matches() needs google-re2", 8)
    assert "scoretest[re2]" in caught.value.fix


@pytest.mark.usefixtures("without_re2")
def test_without_re2_every_other_expression_registers():
    """Only `matches()` needs the extra; in strict CEL it is an error value."""
    assert compile("async.data.x == 'a'").matches({"data": {"x": "a"}}) is True
    with pytest.raises(EvaluationError):
        compile("'a'.matches('a')", dialect="cel").evaluate({})


def test_importing_the_package_loads_no_simpleeval():
    """The cost of simpleeval is paid by the first evaluation."""
    program = "import scoretest.expr, sys; print('simpleeval' in sys.modules)"
    ran = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert ran.stdout.strip() == "False"
