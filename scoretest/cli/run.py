"""``scoretest run``: a script, played against the functions of a module."""

import json
from pathlib import Path

import click

from ..exploration.scenario import apps_of
from ..exploration.targets import find_target
from ..reports.escaping import escape
from ..runtime.harness import Harness
from .printing import print_lines
from .script import read_script
from .users_code import calling_users_code

__all__ = ["run"]

_BEGIN = "2025-01-01T00:00:00Z"


@click.command()
@click.argument("target")
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print it for scoretest report.")
def run(target: str, script: Path, *, as_json: bool) -> None:
    """Play a scenario against functions.

    TARGET is `module` or `module:attribute`. SCRIPT is a file with a list of items:
    {"send": {"name": ..., "data": ...}}, {"send_many": [...]}, {"advance": "7d"},
    {"finish": "30d"}, {"cancel_run": {"function": ...}}.

    Prints the timeline. The exit code is 1 if anything was found wrong.
    """
    read = read_script(script)
    with calling_users_code():
        found = find_target(target)
        with Harness(start=read.start_at or _BEGIN, strict=False) as harness:
            for app in apps_of([*found.functions, *found.beside]):
                harness.serve(app.client, app.functions)
            try:
                read.play(harness)
            except BaseException:
                print_lines(str(harness.timeline), to_stderr=True)
                raise
            timeline, findings = harness.timeline, harness.findings
    told = "\n".join(
        escape(line) for finding in findings for line in str(finding).splitlines()
    )
    if as_json:
        print_lines(json.dumps(timeline.to_json(), indent=2))
    else:
        print_lines(str(timeline))
    if findings:
        print_lines(f"\n{told}", to_stderr=as_json)
        raise SystemExit(1)
