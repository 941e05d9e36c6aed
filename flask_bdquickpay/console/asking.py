"""Asks a person at a terminal what `resolve` was not told."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click

from ..payments.records import PaymentRecord
from ..payments.verdict import Snapshot
from ..state import current_state
from ..text import plain, taka
from .group import not_found, reports
from .options import stated
from .terminal import console
from .timeline import is_undecided, print_payment

ACCEPT, REJECT, GIVE_UP = "accept", "reject", "give_up"
_EVENTS = 20


@dataclass(frozen=True)
class Decision:
    """What is to become of a payment.

    :ivar note: why, for the team.
    :ivar message: what the customer is told of a rejection.
    """

    word: str
    note: str
    message: str | None = None


def is_terminal() -> bool:
    """Whether somebody sits there who sees the questions and can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(seen: Snapshot, word: str | None, note: str | None, message: str | None) -> Decision:
    """Show the payment, and ask for what is not known yet.

    No connection is held while the person thinks.

    :raises click.ClickException: when there is nothing to accept or reject.
    :raises click.Abort: when the person thinks better of it.
    """
    payment = reports().one(seen.id)
    if payment is None:  # `prune` came in between
        raise not_found(str(seen.id))
    print_payment(payment, reports().timeline(payment.id, _EVENTS), console())
    current_state().store.session.rollback()
    click.echo()
    word = word or _word(payment)
    note = note or click.prompt("Why? For the team", value_proc=_note)
    if word == REJECT and message is None:
        message = click.prompt("What is the customer told? May be empty", "", show_default=False)
    click.confirm(f"{_consequence(payment, word)} Sure?", abort=True)
    return Decision(word, note, (message or "").strip() or None)


def _note(value: str) -> str:
    return stated(value, "--note")


def _word(payment: PaymentRecord) -> str:
    if not is_undecided(payment):
        raise click.ClickException(
            f"Payment {payment.id} is {payment.status}: there is nothing to accept or reject. One "
            "that waits for ever is ended with --give-up."
        )
    click.echo(f"The order costs {taka(payment.amount)}; {_came(payment)} came.")
    word: str = click.prompt("Accept or reject?", type=click.Choice([ACCEPT, REJECT]))
    return word


def _came(payment: PaymentRecord) -> str:
    return taka(payment.received_amount) or "an unknown amount"


def _consequence(payment: PaymentRecord, word: str) -> str:
    return {
        ACCEPT: f"Order {plain(payment.customer_reference)} will be paid, by {_came(payment)}.",
        REJECT: f"It fails for good, and {_came(payment)} must be sent back by hand.",
        GIVE_UP: "It ends, and its order can be paid anew.",
    }[word]
