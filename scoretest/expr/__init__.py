"""Match expressions."""

from ._errors import EvaluationError, ExpressionError

__all__ = ["EvaluationError", "ExpressionError", "compile"]


def compile(*a, **k):
    raise NotImplementedError
