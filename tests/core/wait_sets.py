"""Random sets of waits: the index against asking every open wait one by one.

`python tests/core/wait_sets.py --count 10000 --seed 1` raises if, for one event of one
set, the index gives other waits than a linear scan does, or gives them in another order.
"""

import argparse
import json
import random  # noqa: TID251 -- seeded, and outside the package
import sys
from dataclasses import dataclass, field

from scoretest._core.waits import Wait, WaitIndex
from scoretest._model.event import ReceivedEvent
from scoretest._model.fact import WaitClosed, WaitMatched, WaitOpened, WaitTimedOut
from scoretest._model.operation import StepName
from scoretest.expr import ExpressionError
from scoretest.expr import compile as compile_expression

NAMES = ("made", "rated", "closed")
ENDS = (WaitMatched, WaitTimedOut, WaitClosed)
# equal across kinds, at the edge of what a double holds, hostile, absent-like, nested
VALUES = (
    *(1, 1.0, "1", True, 0, -0.0, "0", False, None, "", "null", 1.5, -3, 10**7),
    *(2**53, 2**53 + 1, float(2**53), 10**400, 1e300, 2**53 - 1),
    *("tk_1", "tk_2", "it's", 'say "hi"', "a\\b", "a\nb", "é", "' || true || '"),
    *([], [1], ["tk_1", "tk_2"], {}, {"id": 1}, {"id": "tk_1"}),
)
KEYS = ("x", "y", "o", "id", "a b")
PATHS = (
    *("async.data.x", "async.data.y", "async.data.o", "async.data.o.id", "async.name"),
    *("async.data['x']", "async['data'].x", "async.data['a b']", "async.data.o['id']"),
    *("async.data.missing", "async.data.o.missing.deep", "async.ts", "async.data"),
    *("async.data.x[0]", "async.data[async.data.y]", "(async.data.x)", "async"),
)
JOINS = ("event.data.x", "event.data.y", "event.data.o.id", "event.data.missing")
LITERALS = (
    *("1", "1.0", "1u", "'1'", "true", "false", "null", "0", "-0.0", "''", "0x1"),
    *(
        "'tk_1'",
        '"tk_1"',
        "'tk_2'",
        "r'tk_1'",
        "'it\\'s'",
        '"it\'s"',
        "b'1'",
        "'''1'''",
    ),
    *("9007199254740992", "9007199254740993", "1e300", "1e7", "[1]", "{}", "{'id': 1}"),
)
COMPARISONS = ("!=", "<", "<=", ">", ">=")
UNUSABLE = (
    *("has(async.data.x)", "!has(async.data.y)", "!async.data.x", "true", "false"),
    *("size(async.data.o) == 1", "async.data.x.startsWith('tk')", "1 == 1"),
    *(
        "async.data.o.exists(v, v == 1)",
        "async.data.x + 1 == 2",
        "'id' in async.data.o",
    ),
    *("async.data.x == async.data.y", "vars.a == async.data.x", "async.data.x in []"),
)


def pasted(chance):
    """Return a comparison into which an id was pasted, as an f-string does."""
    value = chance.choice(VALUES)
    shown = chance.choice((f"'{value}'", f'"{value}"', json.dumps(value), str(value)))
    return f"{chance.choice(PATHS)} == {shown}"


def atom(chance):
    """Return one comparison."""
    path, literal = chance.choice(PATHS), chance.choice(LITERALS)
    if chance.random() < 0.3:
        return f"async.data.x == {chance.choice(('1', repr('tk_1'), 'event.data.x'))}"
    items = ", ".join(chance.choices(LITERALS, k=chance.randrange(1, 4)))
    return chance.choice(
        (
            f"{path} == {literal}",
            f"{literal} == {path}",
            f"{path} == {chance.choice(JOINS)}",
            f"{chance.choice(JOINS)} == {path}",
            f"{path} in [{items}]",
            f"{path} {chance.choice(COMPARISONS)} {literal}",
            pasted(chance),
            chance.choice(UNUSABLE),
        )
    )


def condition(chance, depth=2):
    """Return a random condition."""
    if depth == 0 or chance.random() < 0.3:
        return atom(chance)
    one, two = condition(chance, depth - 1), condition(chance, depth - 1)
    forms = (
        *(f"{one} && {two}", f"{one} && {two}", f"{one} || {two}", f"({one}) && {two}"),
        *(f"({one} || {two}) && {atom(chance)}", f"({one} && {two}) || {one}"),
        *(f"!({one})", f"{one} ? {two} : {atom(chance)}", f"{one} == true"),
    )
    return chance.choice(forms)


def content(chance):
    """Return the data of an event; keys may be absent, or hold anything."""
    data = {key: chance.choice(VALUES) for key in KEYS if chance.random() < 0.7}
    if chance.random() < 0.5:
        data["x"] = chance.choice((1, "tk_1"))  # what most waits ask for
    return data


def wire(chance, name):
    """Return an event in wire shape; now and then its data is no object."""
    data = content(chance) if chance.random() < 0.97 else chance.choice(VALUES)
    return {"name": name, "data": data, "id": "", "ts": 0}


@dataclass
class Tally:
    """What happened in the sets of one run, so that silence can be told from success."""

    sets: int = 0
    waits: int = 0
    refused: int = 0
    filed: int = 0
    asked: int = 0
    matches: int = 0
    matches_filed: int = 0


@dataclass
class WaitSet:
    """One index and, beside it, a plain list of the open waits."""

    chance: random.Random
    tally: Tally
    index: WaitIndex = field(default_factory=WaitIndex)
    waits: list[Wait] = field(default_factory=list)
    sequence: int = 0

    def open(self):
        """Open a wait for a random condition, if it registers."""
        chance = self.chance
        text = condition(chance) if chance.random() < 0.95 else None
        try:
            trigger = wire(chance, "trigger") if chance.random() < 0.8 else None
            predicate = text and compile_expression(text, trigger=trigger)
        except ExpressionError:
            self.tally.refused += 1
            return
        self.sequence += 1
        step = StepName(str(self.sequence), 0, str(self.sequence))
        wait = Wait("r", step, chance.choice(NAMES), predicate, opened_at=0, expires=1)
        wait.move(WaitOpened, self.sequence)
        self.index.open(wait)
        self.waits.append(wait)
        self.tally.waits += 1
        self.tally.filed += wait.filed_under is not None

    def end(self):
        """End one wait, whichever it is."""
        if self.waits:
            wait = self.waits.pop(self.chance.randrange(len(self.waits)))
            self.sequence += 1
            wait.move(self.chance.choice(ENDS), self.sequence)
            self.index.close(wait)

    def ask(self):
        """Send an event; the index and the scan must agree, in order."""
        event = wire(self.chance, self.chance.choice((*NAMES, "unknown")))
        received = ReceivedEvent("internal", event, 0)
        shown = self.index.candidates(received)
        found = [w for w in shown if w.accepts(event)]
        scanned = [w for w in self.waits if w.event == event["name"]]
        scanned = [w for w in scanned if w.accepts(event)]
        assert found == scanned, (event, _texts(found), _texts(scanned))
        assert list(self.index.all_open()) == self.waits
        self.tally.asked += 1
        self.tally.matches += len(found)
        self.tally.matches_filed += sum(w.filed_under is not None for w in found)


def _texts(waits):
    return [(w.opened, w.predicate and w.predicate.stored) for w in waits]


def run(count, seed):
    """Check *count* sets; return what happened in them."""
    chance = random.Random(seed)  # noqa: S311 -- a seeded test
    tally = Tally()
    for number in range(count):
        each = WaitSet(chance, tally)
        try:
            for _ in range(chance.randrange(1, 30)):
                chance.choice((each.open, each.open, each.open, each.end, each.ask))()
            each.ask()
        except BaseException:
            sys.stderr.write(f"seed {seed}, set {number}\n")
            raise
        tally.sets += 1
    return tally


def main(arguments=None):
    """Check sets as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    return run(options.count, options.seed)


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
