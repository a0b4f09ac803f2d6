"""Experiments: the ways to choose a variant, under the names of the real SDK.

``from scoretest import experiment`` stands for the real package's
``from inngest.experimental import experiment``.

>>> from scoretest import experiment
>>> experiment.bucket("alice", weights={"control": 80, "variant": 20})
<selection 'bucket'>
"""

from ._model.experiment import ExperimentRef
from .sdk.experiment import (
    ExperimentResult,
    Selection,
    bucket,
    custom,
    fixed,
    weighted,
)

__all__ = [
    "ExperimentRef",
    "ExperimentResult",
    "Selection",
    "bucket",
    "custom",
    "fixed",
    "weighted",
]
