"""What a person does about a payment: `verify`, `announce` and `resolve`."""

from __future__ import annotations

from typing import TextIO

import click
from rich.text import Text

from ..errors import GatewayError, InvoiceNotFoundError
from ..payments.export import write_json
from ..payments.records import PaymentRecord
from ..payments.status import PaymentStatus
from ..payments.verdict import Snapshot
from ..state import current_state
from ..text import plain
from .asking import ACCEPT, GIVE_UP, REJECT, Decision, ask, is_terminal
from .group import commands, find, output_of, receivers_named, reports
from .options import as_json_option, by_option, stated, user
from .terminal import console, status_text


@commands.command(
    "verify",
    epilog="""\b
    Example:
      flask bdquickpay verify GALQYVTGASTRGOISR1FO""",
)
@click.argument("key", metavar="INVOICE|ID")
@as_json_option
def verify(key: str, as_json: bool) -> None:
    """Ask the gateway about a payment now.

    Its answer is applied, as by a webhook. Safe at any time, as often as you like. Nobody is asked
    about a completed payment. Exit code 1 when the gateway could not be asked: the payment then
    stays as it was.
    """
    out, seen = output_of(alone=as_json), find(key)
    with receivers_named():
        _confirm(seen)
    after = _report(out, seen, as_json)
    if after.status == PaymentStatus.CREATED:
        raise click.ClickException(
            "The gateway has not answered its creation yet; ask again in some seconds."
        )


def _confirm(seen: Snapshot) -> None:
    try:
        state = current_state()
        state.settlement.confirm(state.store.found(seen.id), source="cli", actor=user())
    except InvoiceNotFoundError as error:
        raise click.ClickException(
            f"bdQuickPay does not know invoice {plain(seen.invoice_id)}. Check that "
            "BDQUICKPAY_APP_KEY belongs to the merchant who made it. "
            f"Payment {seen.id} stays {seen.status}."
        ) from error
    except GatewayError as error:
        raise click.ClickException(
            f"Could not be verified: {plain(error.message)} Payment {seen.id} stays {seen.status}."
        ) from error


@commands.command(
    "announce",
    epilog="""\b
    Example:
      flask bdquickpay announce GALQYVTGASTRGOISR1FO""",
)
@click.argument("key", metavar="INVOICE|ID")
@by_option
@as_json_option
def announce(key: str, actor: str, as_json: bool) -> None:
    """Send the payment_paid that the shop is owed.

    Owed: the payment was completed by a process in which nobody listened. The next sweep that has a
    receiver sends it by itself. It is sent once: again, or where nobody listens, is exit code 1.
    """
    actor = stated(actor, "--by")
    out, seen = output_of(alone=as_json), find(key)
    with receivers_named():
        current_state().resolution.announce(seen, actor=actor)
    _report(out, seen, as_json, done="payment_paid was sent.")


@commands.command(
    "resolve",
    epilog="""\b
    Examples:
      flask bdquickpay resolve 17
      flask bdquickpay resolve GALQYVTGASTRGOISR1FO --accept --note "seen in the bKash statement"
      flask bdquickpay resolve 17 --reject --note "refunded by hand" --by "Ayesha" \\
        --message "We have sent your money back."
      flask bdquickpay resolve 18 --give-up --note "bKash has no record of it" """,
)
@click.argument("key", metavar="INVOICE|ID")
@click.option("--accept", is_flag=True, help="Complete it, and send payment_paid.")
@click.option("--reject", is_flag=True, help="Fail it for good.")
@click.option(
    "--give-up",
    is_flag=True,
    help="End one of which the gateway can tell nothing, so that its order can be paid anew.",
)
@click.option("--note", help="Why: for the team, in the payment's timeline.")
@click.option("--message", help="With --reject: what the customer is told.")
@by_option
@as_json_option
def resolve(
    *,
    key: str,
    accept: bool,
    reject: bool,
    give_up: bool,
    note: str | None,
    message: str | None,
    actor: str,
    as_json: bool,
) -> None:
    """Decide about a payment.

    On a terminal the payment is shown, and you are asked for what you have left out.

    --accept and --reject: about a flagged one (the gateway says completed, but something
    disagrees; 'show' says what), or one whose money the shop's own code refuses to book. --accept
    is refused while the order is paid by another payment.

    --give-up: about one that waits for ever, since the gateway can't tell what became of it. It is
    still watched, and money that comes after all is flagged.
    """
    word = _chosen(accept=accept, reject=reject, give_up=give_up)
    if message is not None and word not in (None, REJECT):
        raise click.UsageError("--message goes with --reject.")
    if not (word and note is not None) and (as_json or not is_terminal()):
        raise click.UsageError("Choose --accept, --reject or --give-up, and say --note WHY.")
    note = None if note is None else stated(note, "--note")
    message = None if message is None else stated(message, "--message")
    actor, out, seen = stated(actor, "--by"), output_of(alone=as_json), find(key)
    decision = Decision(word, note, message) if word and note else ask(seen, word, note, message)
    with receivers_named():
        _carry_out(decision, seen, actor)
    _report(out, seen, as_json)


def _chosen(**options: bool) -> str | None:
    words = [name for name, is_on in options.items() if is_on]
    if len(words) > 1:
        raise click.UsageError("Choose one of --accept, --reject and --give-up.")
    return words[0] if words else None


def _carry_out(decision: Decision, seen: Snapshot, actor: str) -> None:
    decide, note = current_state().resolution, decision.note
    if decision.word == GIVE_UP:
        decide.give_up(seen, note=note, actor=actor, source="cli")
        return
    accept = decision.word == ACCEPT
    decide.resolve(seen, accept=accept, note=note, actor=actor, message=decision.message)


def _report(out: TextIO, seen: Snapshot, as_json: bool, done: str = "") -> PaymentRecord:
    """Say how a payment stands now, after it was `seen`."""
    after = reports().one(seen.id)
    assert after is not None  # noqa: S101  # payments are never deleted
    if as_json:
        write_json(out, after.listed)
        return after
    name = f"Payment {after.id} ({after.invoice_id})" if after.invoice_id else f"Payment {after.id}"
    line = Text(f"{plain(name)} is ") + status_text(after.status)
    was = f"; it was {seen.status}." if seen.status != after.status else ", as before."
    why = f" Reason: {plain(after.reason)}." if after.reason else ""
    console(out).print(line + Text(f"{was}{why}{' ' * bool(done)}{done}"))
    return after
