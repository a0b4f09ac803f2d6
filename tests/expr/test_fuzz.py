"""A short run of the fuzzer; `python tests/expr/fuzz.py` makes long ones."""

import importlib.util
from pathlib import Path

import pytest


@pytest.mark.parametrize("seed", [1, 2])
def test_random_expressions_raise_nothing_else(seed):
    """2,000 grown and mutated expressions: a verdict or an `ExpressionError`."""
    path = Path(__file__).with_name("fuzz.py")
    spec = importlib.util.spec_from_file_location("expression_fuzz", path)
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)

    assert fuzz.main(["--count", "2000", "--seed", str(seed)]) > 100
