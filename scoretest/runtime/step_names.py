"""What a step is called on the wire, by its id and how often the id was used."""

from functools import lru_cache

from .._ids import hash_id
from .._model.operation import StepName

__all__ = ["step_name"]


@lru_cache(maxsize=4096)  # a program has few steps and names each in every entry
def step_name(step_id: str, index: int) -> StepName:
    """Return the name of the use number *index* of a step id, counted from 0."""
    hashed = hash_id(f"{step_id}:{index}" if index else step_id)
    return StepName(step_id, index, hashed)
