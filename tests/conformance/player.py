"""Plays a scenario of the corpus on a harness and says what was seen.

The scenarios are recordings of the real server; the README beside them says what each
field means, and `compare.py` there compares.
"""

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scoretest import Event, Harness, UsageError

APP = "app"
START = datetime(2025, 1, 1, tzinfo=UTC)  # where a harness begins
CORPUS = Path(__file__).parent / "scenarios"


def scenarios():
    """Return the names of all scenarios."""
    return sorted(path.parent.name for path in CORPUS.glob("*/scenario.json"))


def load(path):
    """Return the module in the file *path*, which is imported by nobody else."""
    spec = importlib.util.spec_from_file_location(f"corpus_{path.parent.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


compare = load(CORPUS / "compare.py")


class Player:
    """One playing of one scenario, with the functions of one SDK."""

    def __init__(self, name, sdk):
        self.folder = CORPUS / name
        self.sdk = sdk
        self.scenario = json.loads((self.folder / "scenario.json").read_text())
        quirks = "exact" if self.scenario.get("engine_quirk") else "report"
        self.harness = Harness(strict=False, quirks=quirks)
        self.log = []
        self.times = []

    @property
    def seconds(self):
        """The scenario's own clock."""
        return (self.harness.now - START).total_seconds()

    def note(self, kind, **fields):
        """Take an observation from a handler."""
        fields = self.sdk.told(json.loads(json.dumps(fields)))
        self.log.append({"_t": self.seconds, "kind": kind, **fields})

    def play(self):
        """Play the script; return what differs from what the server did."""
        client = self.sdk.client(APP)
        with self.sdk.imported():
            module = load(self.folder / "functions.py")
        functions = module.build(client, self.note)
        wrong = []
        with self.harness as harness:
            self.sdk.serve(harness, client, functions)
            for item in self.scenario["script"]:
                self.times.append(self.seconds)
                wrong += self._item(compare.subst(item, APP))
            seen = self._seen()
        return wrong + compare.compare(self.scenario["expect"], seen)

    def _item(self, item):
        if "advance" in item:
            self.harness.advance(timedelta(seconds=item["advance"]))
        elif "finish" in item:
            self.harness.fast_forward(within=timedelta(seconds=item["finish"]))
        elif "cancel_run" in item:
            slug = f"{APP}-{item['cancel_run']['function']}"
            runs = [run for run in self.harness.runs if run.function_id == slug]
            self.harness.cancel(runs[-1])
        else:
            return self._send(item)
        return []

    def _send(self, item):
        wires = item.get("send_many") or [item["send"]]
        refusal = None
        try:
            self.harness.send([self._event(wire) for wire in wires])
        except UsageError as error:
            refusal = error.what
        expected = item.get("rejected")
        if bool(expected) != bool(refusal):
            return [f"rejected: expected {expected!r}, got {refusal!r}"]
        if isinstance(expected, str) and expected not in refusal:
            return [f"rejected with {refusal!r}, without {expected!r}"]
        return []

    def _event(self, wire):
        ts = None
        if wire.get("ts_offset_s") is not None:
            ts = self.harness.now + timedelta(seconds=wire["ts_offset_s"])
        return Event(
            name=wire["name"], data=wire.get("data"), id=wire.get("id") or "", ts=ts
        )

    def _seen(self):
        return {
            "app": APP,
            "runs": [_run(run) for run in self.harness.runs],
            "log": self.log,
            "events": [
                {"name": event.name, "data": event.data}
                for event in self.harness.events
            ],
            "scores": [_score(score) for score in self.harness.scores],
            "script_t": self.times,
        }


def _short(slug):
    return slug.removeprefix(f"{APP}-")


def _run(run):
    seen = {
        "function": _short(run.function_id),
        "status": str(run.status),
        "output": run.output,
        "entries": run.entries,
    }
    if run.error is not None:
        seen["error"] = {"name": run.error.name, "message": run.error.message}
    if run.parent is not None:
        seen["deferred_from"] = _short(run.parent.function_id)
    return seen


def _score(score):
    seen = {
        "run_of": score.run and _short(score.run.function_id),
        "name": score.name,
        "value": score.value,
    }
    return seen if score.step_id is None else {**seen, "step": score.step_id}
