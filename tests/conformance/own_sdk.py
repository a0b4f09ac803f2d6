"""The corpus with our own SDK: the scenarios' functions with another import.

Names follow the real package, so moving a function is changing its import; here the
import is changed by standing a module of our names where ``inngest`` is looked for. What
a scenario logs of a deferred event is compared without the ``input`` that we add to it.
One scenario counts with an event's ``ts`` as a number, where ours is a datetime.
"""

import sys
from contextlib import contextmanager
from types import ModuleType

import scoretest
from scoretest import experiment, flow


def _stand_in():
    package, alpha = ModuleType("inngest"), ModuleType("inngest.experimental")
    for name in scoretest.__all__:
        setattr(package, name, getattr(scoretest, name))
    for name in flow.__all__:  # the real package has them at its root
        setattr(package, name, getattr(flow, name))
    alpha.create_defer = scoretest.create_defer
    alpha.experiment = experiment
    package.experimental = alpha
    return {"inngest": package, "inngest.experimental": alpha}


@contextmanager
def imported():
    """Have ``import inngest`` find our names while a scenario is loaded."""
    kept = {name: sys.modules.get(name) for name in _stand_in()}
    sys.modules.update(_stand_in())
    try:
        yield
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def client(app_id):
    """Return a client of our own."""
    return scoretest.Client(app_id=app_id)


def told(fields):
    """Return what was logged, without the payload's second appearance."""
    data, keys = fields.get("data"), fields.get("keys")
    if isinstance(data, dict) and "input" in data:
        rest = {key: data[key] for key in data if key != "input"}
        fields = {**fields, "data": rest if rest == data["input"] else data}
    if isinstance(keys, list):
        fields = {**fields, "keys": [key for key in keys if key != "input"]}
    return fields


def serve(harness, client, functions):
    """Serve the functions as they are."""
    harness.serve(client, functions=functions)
