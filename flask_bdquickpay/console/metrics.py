"""How the payments are, for Prometheus: `metrics`."""

from __future__ import annotations

from dataclasses import asdict

from ..payments.export import write_json
from ..payments.samples import exposition
from ..state import current_state
from .group import commands, output_of
from .options import as_json_option


@commands.command(
    "metrics",
    epilog="""\b
    Examples:
      flask bdquickpay metrics
      flask bdquickpay metrics --json""",
)
@as_json_option
def metrics(as_json: bool) -> None:
    """Print how the payments are, in Prometheus' text format.

    What waits, with the age of the oldest; what the last hour and day brought. Asks the database
    alone. The labels are words of ours: no reference, invoice or name is in them.
    """
    out = output_of(alone=True)
    health = current_state().health.look()
    if as_json:
        write_json(out, asdict(health))
    else:
        out.write(exposition(health))
