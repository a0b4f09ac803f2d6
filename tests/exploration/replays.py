"""Replay codes play the same story each time, in every process.

Run ``python -m tests.exploration.replays [CODES] [TIMES]`` from the root of a clone. It takes
the codes of as many timelines of made-up scorers, plays each of them so often, and compares
the digests of what happened.
"""

import sys
from collections.abc import Iterator
from hashlib import blake2b

import scoretest
from scoretest.exploration import Exploration
from scoretest.exploration.timelines import code_of, signals_of

from .law import made, programs


def timelines(most: int) -> Iterator[tuple[Exploration, str]]:
    """Yield explorations, each with the code of one of its timelines."""
    count = 0
    for program in programs():
        found = scoretest.explore(made(program), data={"ticketId": "tk_1"})
        for leaf in found.leaves:
            if count == most:
                return
            count += 1
            signals = [
                s for s in signals_of(leaf.moves, found.start) if s.label != "start"
            ]
            yield found, code_of(signals, str(found.scenario))


def digest(found: Exploration, code: str) -> str:
    """Return the digest of what a code plays."""
    return blake2b(str(found.replay(code)).encode(), digest_size=16).hexdigest()


def main(codes: int = 1_000, times: int = 100) -> None:
    """Play *codes* codes, each *times* times, and tell the digest of it all.

    Raises:
        AssertionError: A code has played two stories.
    """
    whole = blake2b(digest_size=16)
    for found, code in timelines(codes):
        first = digest(found, code)
        for _ in range(times - 1):
            assert digest(found, code) == first, code
        whole.update(first.encode())
    told = f"{codes} codes, {times} times each: one digest each, {whole.hexdigest()}\n"
    sys.stdout.write(told)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
