"""Match expressions: text in, production's verdict out.

The dialect ``inngest`` gives the verdict of the real engine, verdict for verdict; the
dialect ``cel`` is standard CEL, to tell where the two differ.

Source: rules C1 to C13 and X5.
"""

from ._errors import EvaluationError, ExpressionError, LimitExceededError
from ._expression import Expression
from ._expression import compile_expression as compile  # noqa: A004 -- reads as re.compile does
from ._injection import HOSTILE_IDS, Injection, injection_findings
from ._lint import Lint
from ._payload import payload_in_production
from ._rebind import with_clock
from ._standard import standard_verdict
from ._values import CelType, UInt

__all__ = [
    "HOSTILE_IDS",
    "CelType",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Injection",
    "LimitExceededError",
    "Lint",
    "UInt",
    "compile",
    "injection_findings",
    "payload_in_production",
    "standard_verdict",
    "with_clock",
]
