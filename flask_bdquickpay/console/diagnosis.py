"""When something does not work: `doctor`."""

from __future__ import annotations

from dataclasses import asdict

from click.exceptions import Exit
from rich.table import Column, Table
from rich.text import Text

from .. import doctor as doctors
from ..payments.export import write_json
from ..state import current_state
from ..text import plain
from .group import commands, output_of
from .options import as_json_option
from .terminal import console


@commands.command(
    "doctor",
    epilog="""\b
    Examples:
      flask bdquickpay doctor
      flask bdquickpay doctor --json | jq '.checks[] | select(.state == "red")'""",
)
@as_json_option
def doctor(as_json: bool) -> None:
    """Find out why payments do not work.

    One line for each check, with the cure. Looks at the configuration, the tables, the public URL
    (a webhook is POSTed to it), HTTPS, CSRF, the gateway and the keys, and at work that is left
    undone. Changes nothing. Exit code 1 when something is red.
    """
    out, found = output_of(alone=as_json), []
    for finding in doctors.examine(current_state()):
        found.append(finding)
        if not as_json:
            console(out).print(_line(finding))
    healthy = all(finding.state != doctors.Level.RED for finding in found)
    if as_json:
        checks = [asdict(finding) for finding in found]
        write_json(out, {"healthy": healthy, "checks": checks})
    if not healthy:
        raise Exit(1)


_SIGNS = {
    doctors.Level.OK: ("ok", "green"),
    doctors.Level.WARNING: ("warning", "yellow"),
    doctors.Level.RED: ("RED", "bold red"),
}


def _line(finding: doctors.Finding) -> Table:
    sign, name = Column(width=len("warning")), Column(width=doctors.LONGEST_NAME)
    grid = Table.grid(sign, name, Column(overflow="fold"), padding=(0, 2, 0, 0))
    grid.add_row(Text(*_SIGNS[finding.state]), Text(finding.check), Text(plain(finding.message)))
    return grid
