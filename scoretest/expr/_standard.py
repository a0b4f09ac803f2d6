"""What standard CEL would say of an expression, beside what production says.

Here an integer of JSON is an integer, an absent path is an error, and only booleans are
true or false: the reading of somebody who knows CEL.
"""

from collections.abc import Mapping

from ._errors import EvaluationError, ExpressionError
from ._expression import compile_expression

__all__ = ["standard_verdict"]


def standard_verdict(text: str, variables: Mapping[str, object]) -> str:
    """Return ``"match"``, ``"no match"`` or ``"an error: …"``.

    Args:
        text: The expression as written.
        variables: The events by name, ``async`` and ``event``.

    Source: CEL specification, "Evaluation".
    """
    try:
        value = compile_expression(text, dialect="cel").evaluate(variables)
    except ExpressionError as wrong:
        return f"an error: {wrong.what}"
    except EvaluationError as wrong:
        return f"an error: {wrong.what.rpartition('has no value: ')[2]}"
    return "match" if value is True else "no match"
