"""Words that have a meaning of their own.

Source: CEL specification, "Syntax" and "Macros".
"""

from typing import Final

__all__ = ["KEYWORDS", "MACROS", "PYTHON_WORDS", "RESERVED"]

KEYWORDS: Final = {"true": True, "false": False, "null": None}
RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
# how many arguments, at least and at most
MACROS: Final = {
    "all": (2, 2),
    "exists": (2, 2),
    "exists_one": (2, 2),
    "filter": (2, 2),
    "map": (2, 3),
}
# what a writer of Python puts where CEL has an operator
PYTHON_WORDS: Final = {"and": "&&", "or": "||", "not": "!", "is": "=="}
