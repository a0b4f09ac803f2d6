"""Random and mutated expressions against the engine's dialect.

`python tests/expr/fuzz.py --count 1000000 --seed 1` raises if anything but an
`ExpressionError` comes out, if an event changes, or if a term of the index lies.
"""

import argparse
import copy
import random  # noqa: TID251 -- seeded, and outside the package
import sys

from scoretest._model.predicate import index_key
from scoretest.expr import ExpressionError, compile  # noqa: A004 -- the API's own name

EVENT = {
    "name": "x",
    "ts": 1_700_000_000_000,
    "data": {
        "id": "tk_1",
        "n": 5,
        "f": 1.5,
        "t": True,
        "nul": None,
        "s": "",
        "tags": ["a", "b"],
        "o": {"k": "v", "deep": {"er": 1}},
        "objs": [{"id": "a", "q": 1}, {"id": "b"}],
    },
}
TRIGGER = {"name": "start", "data": {"id": "tk_1", "n": 1e7, "q": 'a"b', "o": {"k": 1}}}
OTHERS = ({}, {"data": None}, {"data": {"id": 7, "n": "5", "o": []}}, TRIGGER)
PATHS = [
    *(f"async.data.{key}" for key in EVENT["data"]),
    "async",
    "async.data",
    "async.ts",
    "async.data.missing",
    "async.data.o.k",
    "async.data['id']",
    "async.data.objs[1].id",
    "event.data.id",
    "event.data.n",
    "event.data.q",
    "event.data.missing",
    "event['data'].id",
    "vars.a",
    "v",
]
LITERALS = [
    "'tk_1'",
    "'a'",
    "''",
    '"it\'s"',
    "'a\\nb'",
    "r'\\d'",
    "b'x'",
    "'''y'''",
    "5",
    "-1",
    "0",
    "1.5",
    "1e7",
    "5u",
    "true",
    "false",
    "null",
    "[]",
    "[1,'a']",
    "{}",
    "{'k':'v'}",
    "9223372036854775807",
]
BINARY = ["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||"]
CALLS = [
    "size",
    "lowercase",
    "uppercase",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "type",
    "dyn",
    "date",
    "timestamp",
    "duration",
    "b64decode",
    "json_parse",
    "has",
    "now",
    "nothing",
]
METHODS = [
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "size",
    "getHours",
    "nothing",
]
MACROS = ["all", "exists", "exists_one", "filter", "map"]
NOISE = "'\"\\()[]{}.,:?!=<>&|+-*/% \n\0\t0123456789abcuvxer/é\u202e\ud800"


def grown(chance, depth):
    """Return a random expression of at most *depth* levels."""
    if depth <= 0 or chance.random() < 0.2:
        return chance.choice(PATHS if chance.random() < 0.6 else LITERALS)
    form = chance.randrange(9)
    one, two = (grown(chance, depth - 1) for _ in range(2))
    forms = {
        4: lambda: f"{chance.choice('!-')}{one}",
        5: lambda: f"({one} ? {two} : {grown(chance, depth - 1)})",
        6: lambda: f"{chance.choice(CALLS)}({one})",
        7: lambda: f"{one}.{chance.choice(METHODS)}({two})",
        8: lambda: f"{one}.{chance.choice(MACROS)}(v, {two})",
    }
    plain = f"({one} {chance.choice(BINARY)} {two})"
    return forms[form]() if form in forms else plain


def mutated(chance, text):
    """Return *text* with a few characters changed, cut or doubled."""
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(NOISE) + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randrange(1, 4) :]
            case 2:
                text = text[:at] + text[chance.randrange(len(text) + 1) :]
            case _:
                text = (
                    text[:at] + chance.choice([*BINARY, *LITERALS, *PATHS]) + text[at:]
                )
    return text[:2_000]


def at(event, path):
    """Return the value at *path* of an event, or None."""
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def probe(text, trigger, kind):
    """Compile and ask; return whether it registered."""
    try:
        compiled = compile(text, trigger=trigger, kind=kind)
    except ExpressionError as error:
        str(error)
        return False
    for event in (EVENT, *OTHERS):
        verdict = compiled.matches(event)
        for term in compiled.terms:
            known = index_key(at(event, term.path)) in term.keys
            assert known or not verdict, ("unsound term", text, term, event)
    compiled.explain(EVENT)
    assert all(lint.fix and lint.message for lint in compiled.lints), text
    return True


def main(arguments=None):
    """Run *count* probes and return how many expressions registered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    chance = random.Random(options.seed)  # noqa: S311 -- a seeded test
    before = copy.deepcopy([EVENT, TRIGGER, *OTHERS])
    registered = 0
    for number in range(options.count):
        text = grown(chance, 3)
        if number % 2:
            text = mutated(chance, text)
        trigger = TRIGGER if number % 3 else None
        try:
            registered += probe(text, trigger, "trigger" if number % 7 == 0 else "wait")
        except BaseException:
            sys.stderr.write(f"seed {options.seed}, number {number}: {text!r}\n")
            raise
    assert [EVENT, TRIGGER, *OTHERS] == before, "an event was changed"
    return registered


if __name__ == "__main__":
    sys.stdout.write(f"{main():,} expressions registered, nothing else was raised\n")
