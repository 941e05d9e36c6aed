"""When something does not work: `doctor`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from click.exceptions import Exit
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from .. import doctor as doctors
from ..payments.export import write_json
from ..state import current_state
from ..text import plain
from .group import commands, output_of
from .options import as_json_option
from .terminal import Bar, console


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

    One line for each check, with the cure; what is red comes first, a verdict last. Looks at the
    configuration, the tables, the public URL (a webhook is POSTed to it), HTTPS, CSRF, the gateway
    and the keys, and at work that is left undone. Changes nothing. Exit code 1 when something is
    red.
    """
    out, found = output_of(alone=as_json), _examined()
    healthy = all(finding.state != doctors.Level.RED for finding in found)
    if as_json:
        checks = [asdict(finding) for finding in found]
        write_json(out, {"healthy": healthy, "checks": checks})
    else:
        _print(found, console(out))
    if not healthy:
        raise Exit(1)


def _examined() -> list[doctors.Finding]:
    """All findings in their own order; somebody who waits for them sees how far it is."""
    found: list[doctors.Finding] = []
    with Bar("Looking") as bar:
        for finding in doctors.examine(current_state()):
            found.append(finding)
            bar(len(found), max(len(found), len(doctors.CHECKS)))
    return found


#: The worst first.
_SIGNS = {
    doctors.Level.RED: ("RED", "bold red"),
    doctors.Level.WARNING: ("warning", "yellow"),
    doctors.Level.OK: ("ok", "green"),
}
_MANY = {doctors.Level.WARNING: "warnings"}


def _print(found: list[doctors.Finding], screen: Console) -> None:
    worst_first = sorted(found, key=lambda finding: list(_SIGNS).index(finding.state))
    for finding in worst_first:
        screen.print(_line(finding))
    screen.print(Text(f"\n{_verdict(worst_first)}", "bold"))


def _verdict(worst_first: list[doctors.Finding]) -> str:
    """Say how many there are of each, and with which to start."""
    states = Counter(finding.state for finding in worst_first)
    counts = ", ".join(_counted(level, states[level]) for level in _SIGNS if states[level])
    worst = worst_first[0]
    start = "" if worst.state == doctors.Level.OK else f" Start with: {worst.check}."
    return f"{counts}.{start}"


def _counted(level: doctors.Level, count: int) -> str:
    return f"{count} {level if count == 1 else _MANY.get(level, level)}"


def _line(finding: doctors.Finding) -> Table:
    sign, name = Column(width=len("warning")), Column(width=doctors.LONGEST_NAME)
    grid = Table.grid(sign, name, Column(overflow="fold"), padding=(0, 2, 0, 0))
    grid.add_row(Text(*_SIGNS[finding.state]), Text(finding.check), Text(plain(finding.message)))
    return grid
