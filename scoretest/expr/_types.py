"""Static types, and the overloads that the engine's environment declares.

The engine adds a ``dyn`` overload to comparisons and to ``+``, so those never fail to
compile (rule C8); everything else is declared as the CEL specification has it.
"""

from typing import Final

from .._model.record import record

__all__ = [
    "ARITHMETIC",
    "ARITIES",
    "BOOL",
    "DOUBLE",
    "DYN",
    "INT",
    "NULL",
    "OVERLOADS",
    "STRING",
    "TYPE",
    "TYPE_NAMES",
    "UINT",
    "Overload",
    "Type",
    "Unifier",
    "merge",
]


@record
class Type:
    """A static type: its name, and what it is made of."""

    name: str
    of: tuple["Type", ...] = ()

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.of))
        return f"{self.name}({inner})" if inner else self.name


@record
class Overload:
    """One declared signature; *member* ones are called on their first parameter."""

    member: bool
    params: tuple[Type, ...]
    result: Type


DYN: Final = Type("dyn")
BOOL: Final = Type("bool")
INT: Final = Type("int")
UINT: Final = Type("uint")
DOUBLE: Final = Type("double")
STRING: Final = Type("string")
BYTES: Final = Type("bytes")
NULL: Final = Type("null_type")
TIMESTAMP: Final = Type("google.protobuf.Timestamp")
DURATION: Final = Type("google.protobuf.Duration")
TYPE: Final = Type("type")
LIST: Final = Type("list", (DYN,))
MAP: Final = Type("map", (DYN, DYN))

TYPE_NAMES: Final = frozenset(
    [
        "bool",
        "int",
        "uint",
        "double",
        "string",
        "bytes",
        "list",
        "map",
        "null_type",
        "type",
        "dyn",
    ]
)

_WORDS: Final = {
    "dyn": DYN,
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "timestamp": TIMESTAMP,
    "duration": DURATION,
    "type": TYPE,
    "list": LIST,
    "map": MAP,
}

# name: signatures; a leading dot marks a member
_DECLARED: Final = """
    -: double double double; int int int; uint uint uint
    -: timestamp timestamp duration; timestamp duration timestamp
    -: duration duration duration
    *: double double double; int int int; uint uint uint
    /: double double double; int int int; uint uint uint
    %: int int int; uint uint uint
    neg: double double; int int
    size: string int; bytes int; list int; map int
    .size: string int; bytes int; list int; map int
    .startsWith: string string bool
    .endsWith: string string bool
    .contains: string string bool
    .matches: string string bool
    matches: string string bool
    bool: bool bool; string bool
    int: int int; uint int; double int; string int; timestamp int; duration int
    uint: uint uint; int uint; double uint; string uint
    double: double double; int double; uint double; string double
    string: string string; bool string; int string; uint string; double string
    string: bytes string; timestamp string; duration string
    bytes: bytes bytes; string bytes
    timestamp: timestamp timestamp; string timestamp; int timestamp
    duration: duration duration; string duration; int duration
    type: dyn type
    dyn: dyn dyn
    .getFullYear: timestamp int; timestamp string int
    .getMonth: timestamp int; timestamp string int
    .getDayOfYear: timestamp int; timestamp string int
    .getDayOfMonth: timestamp int; timestamp string int
    .getDate: timestamp int; timestamp string int
    .getDayOfWeek: timestamp int; timestamp string int
    .getHours: timestamp int; timestamp string int; duration int
    .getMinutes: timestamp int; timestamp string int; duration int
    .getSeconds: timestamp int; timestamp string int; duration int
    .getMilliseconds: timestamp int; timestamp string int; duration int
    lowercase: string string
    uppercase: string string
    b64decode: string string
    json_parse: string dyn
    date: dyn timestamp
    now: timestamp
    now_plus: string timestamp
    now_minus: string timestamp
"""


def _read(declared: str) -> dict[str, tuple[Overload, ...]]:
    table: dict[str, list[Overload]] = {}
    for line in declared.strip().splitlines():
        name, _, signatures = line.strip().partition(": ")
        for signature in signatures.split(";"):
            *params, result = (_WORDS[word] for word in signature.split())
            overload = Overload(name[0] == ".", tuple(params), result)
            table.setdefault(name.lstrip("."), []).append(overload)
    return {name: tuple(found) for name, found in table.items()}


OVERLOADS: Final = _read(_DECLARED)
# how many values a call may take; the names of members begin with a dot
ARITIES: Final = {
    f".{name}" if member else name: frozenset(
        len(o.params) for o in found if o.member is member
    )
    for name, found in OVERLOADS.items()
    for member in (False, True)
}
ARITHMETIC: Final = frozenset("-*/%")


class Unifier:
    """What the type variables of one check have turned out to be.

    A constant key into a ``dyn`` map, and the elements of an empty list, have a type
    that is not known yet: the first overload that takes it decides, and the rest of the
    expression has to live with that. Visible as ``-async.data['x'] in [..]`` failing to
    compile where ``-async.data.x in [..]`` does not.
    """

    def __init__(self) -> None:
        self._bound: dict[str, Type] = {}
        self._count = 0

    def fresh(self) -> Type:
        """Return a new type variable."""
        self._count += 1
        return Type(f"?{self._count}")

    def resolve(self, found: Type) -> Type:
        """Return what *found* stands for now; an unbound variable stands for itself."""
        while found.name in self._bound:
            found = self._bound[found.name]
        return found

    def fits(self, param: Type, arg: Type) -> bool:
        """Say whether *arg* may stand where *param* is wanted, and bind variables."""
        param, arg = self.resolve(param), self.resolve(arg)
        if DYN in (param, arg) or param == arg:
            return True
        for variable, other in ((arg, param), (param, arg)):
            if variable.name[0] == "?":
                self._bound[variable.name] = other
                return True
        if param.name != arg.name:
            return False
        return all(self.fits(p, a) for p, a in zip(param.of, arg.of, strict=False))

    def fit_all(self, params: tuple[Type, ...], args: list[Type]) -> bool:
        """Say whether *args* fit *params*; variables stay unbound if they do not."""
        before = dict(self._bound)
        if len(params) == len(args) and all(map(self.fits, params, args)):
            return True
        self._bound = before
        return False

    def join(self, types: list[Type]) -> Type:
        """Return the type of a list's elements: the most general of theirs."""
        if not types:
            return self.fresh()
        joined = types[0]
        for other in types[1:]:
            joined = self._general(joined, other)
        return joined

    def _general(self, one: Type, other: Type) -> Type:
        one, other = self.resolve(one), self.resolve(other)
        if one == other or DYN in (one, other):
            return one if one == other else DYN
        if not self.fit_all((one,), [other]):
            return DYN
        one, other = self.resolve(one), self.resolve(other)
        of = tuple(map(self._general, one.of, other.of))
        return Type(one.name, of)


def merge(results: list[Type]) -> Type:
    """Return the result of a call that several overloads take."""
    first, *rest = results
    return first if all(other == first for other in rest) else DYN
