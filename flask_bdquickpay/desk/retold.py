"""Sentences that the core wrote in English, in the language of the page and the desk's words.

The timeline keeps reasons and notes as they were written, and errors speak to whoever catches
them. What is not known here is shown as it is.
"""

from __future__ import annotations

import re
from decimal import Decimal

from flask import url_for
from markupsafe import Markup, escape

from ..errors import BDQuickPayError
from ..payments import reasons
from ..payments.status import GIVEN_UP, SUPERSEDED, UNANSWERED
from ..web.language import localized
from . import words
from .language import M_, say

_ID = re.compile(r"\d+", re.ASCII)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?", re.ASCII)
#: What others have given is no word and no number of the language.
_GIVEN = ("order", "transaction", "invoice", "reference", "name", "text", "message")

#: How the core says it, and how the desk does.
_SENTENCES = {
    # Why a payment is as it is
    reasons.FAILED_AT_GATEWAY: M_("bKash reports that the payment failed"),
    reasons.OTHER_AMOUNT_PAID: M_("another amount came: %(amount)s"),
    reasons.OTHER_AMOUNT_ASKED: M_("the gateway’s payment is of another amount: %(amount)s"),
    reasons.OTHER_ORDER: M_("the gateway’s payment is for another order: %(reference)s"),
    reasons.PAID_LATE: M_("the money came after the payment had failed or expired here"),
    reasons.PAID_SUPERSEDED: M_("the money came although another payment had taken its place"),
    reasons.PAID_ALREADY: M_("the order was already paid by payment %(payment)s"),
    reasons.TRANSACTION_SEEN: M_(
        "transaction %(transaction)s was already seen on payment %(payment)s"
    ),
    reasons.UNKNOWN_AT_GATEWAY: M_("the gateway does not know the payment any more"),
    reasons.ANSWER_LOST: M_("the gateway’s answer was lost: nobody was sent to pay"),
    reasons.REFUSED: M_("the gateway refused to create the payment: %(why)s"),
    reasons.NO_URL: M_(
        "the gateway’s payment page is not on a trusted host: nobody was sent to pay"
    ),
    reasons.INVOICE_TAKEN: M_(
        "the gateway answered with invoice %(invoice)s, which another payment has"
    ),
    reasons.REJECTED: M_("rejected by the shop"),
    reasons.REJECTED_BECAUSE: M_("rejected by the shop; the customer is told: %(message)s"),
    reasons.PAID_GIVEN_UP: M_("the money came after the shop had given the payment up"),
    reasons.REFUSED_HERE: M_("the shop’s own code refuses to book it"),
    reasons.OTHER_ACCOUNT: M_("made with another merchant account"),
    SUPERSEDED: M_("superseded: the order’s amount has changed"),
    GIVEN_UP: M_("given up by the shop"),
    # Notes of the timeline
    UNANSWERED + ": %(why)s": M_("the gateway could not be asked: %(why)s"),
    "it was settled already": M_("it was settled already"),
    "not applied: %(why)s": M_("not applied: %(why)s"),
    "sent back %(amount)s BDT (%(method)s)": M_("sent back %(amount)s (%(method)s)"),
    "voided the refund of %(amount)s BDT": M_("voided the refund of %(amount)s"),
    "announced to the shop, which was owed": M_("announced to the shop, which was owed"),
    "answered too late, with invoice %(invoice)s": M_(
        "the gateway answered too late, with invoice %(invoice)s"
    ),
    # What kept the gateway from answering
    "The gateway knows no such invoice%(rest)s": M_("it does not know this invoice"),
    "The gateway does not accept the app key or the secret key%(rest)s": M_(
        "it does not accept the shop’s keys"
    ),
    "The merchant account is inactive%(rest)s": M_("the merchant account is not active"),
    "The gateway did not answer (%(kind)s).": M_("it did not answer (%(kind)s)"),
    "The gateway's answer (HTTP %(code)s) is not what its API documents%(rest)s": M_(
        "its answer (HTTP %(code)s) is not what its API documents"
    ),
    "The gateway's answer is not what its API documents: %(detail)s": M_(
        "its answer is not what its API documents: %(detail)s"
    ),
    "The gateway asks for fewer calls (HTTP 429)%(rest)s": M_("it asks for fewer calls"),
    "The gateway asked for a pause (HTTP %(code)s): it is asked again in %(n)s s. Nothing was "
    "sent.": M_("it asked for a pause (HTTP %(code)s), and is asked again in %(n)s s"),
    # Decisions that were refused
    "Payment %(payment)s is %(status)s; only a flagged one, or one whose money the shop's own code "
    "refuses, is resolved.": M_(
        "Payment %(payment)s is %(status)s; only a flagged one, or one whose money the shop’s own "
        "code refuses, is decided about."
    ),
    "Payment %(payment)s was changed meanwhile; look at it again.": M_(
        "Payment %(payment)s was changed meanwhile; look at it again."
    ),
    "Payment %(payment)s stays %(status)s: the shop's own code objects: %(why)s. Change the order "
    "so that it agrees, or reject.": M_(
        "Payment %(payment)s stays %(status)s: the shop’s own code objects: %(why)s. Change the "
        "order so that it agrees, or give the money back."
    ),
    "Payment %(payment)s: the order was already paid by payment %(other)s.": M_(
        "Payment %(payment)s: the order was already paid by payment %(other)s."
    ),
    "Money has come on payment %(payment)s: accept or reject it.": M_(
        "Money has come on payment %(payment)s: accept or reject it."
    ),
    "Payment %(payment)s is %(status)s: it holds no order that would wait for it.": M_(
        "Payment %(payment)s is %(status)s: it holds no order that would wait for it."
    ),
    "Nothing is owed of payment %(payment)s: it is %(status)s.": M_(
        "Nothing is owed of payment %(payment)s: it is %(status)s."
    ),
    "Nobody listens to payment_paid in this process: import the module that connects the shop's "
    "receiver, at module level.": M_(
        "Nobody listens to payment_paid in this process: import the module that connects the "
        "shop’s receiver, at module level."
    ),
    # Refunds that were refused
    "Transaction %(transaction)s belongs to %(owner)s already.": M_(
        "Transaction %(transaction)s belongs to %(owner)s already."
    ),
    "%(transaction)s is the transaction that paid payment %(payment)s; the one that sent the money "
    "back has an id of its own.": M_(
        "%(transaction)s is the transaction that paid payment %(payment)s; the one that sent the "
        "money back has an ID of its own."
    ),
    "Payment %(payment)s is %(status)s: only what was paid, or rejected by a person, is sent "
    "back.%(next)s": M_(
        "Payment %(payment)s is %(status)s: only what was paid, or rejected by a person, is sent "
        "back."
    ),
    "Transaction %(transaction)s was just recorded by another.": M_(
        "Transaction %(transaction)s was just recorded by another."
    ),
    "sent_at is in the future: %(when)s.": M_("This time is in the future."),
    "sent_at, %(when)s, is before the money came, %(came)s.": M_(
        "This time is before the money came."
    ),
    "Refund %(refund)s was voided already.": M_("Refund %(refund)s was voided already."),
    # Statements
    "The file is no table: it is neither CSV nor XLSX.": M_(
        "The file is no table: it is neither CSV nor XLSX."
    ),
    "The file is no table: %(why)s": M_("The file is no table: %(why)s"),
    "No row among the first %(count)s has the headings of %(fields)s. %(next)s": M_(
        "No row among the first %(count)s has the headings of %(fields)s. Say it below."
    ),
    "Some dates have the day first and some the month: %(next)s": M_(
        "Some dates have the day first and some the month: correct them, or say below how they are "
        "written."
    ),
    "Day and month of the dates can't be told apart in the whole file: %(next)s": M_(
        "Day and month of the dates can’t be told apart in the whole file. Say it below."
    ),
    "The file's encoding is not known: save it as CSV in UTF-8.": M_(
        "The file’s encoding is not known: save it as CSV in UTF-8."
    ),
    "The statement has more than 200,000 rows: export a shorter period.": M_(
        "The statement has more than 200,000 rows: export a shorter period."
    ),
    "The statement is too large once unpacked: export it as CSV.": M_(
        "The statement is too large once unpacked: export it as CSV."
    ),
    "To read XLSX, pip install 'Flask-BDQuickPay[statement]', or save it as CSV.": M_(
        "XLSX can’t be read here: save the statement as CSV."
    ),
    "line %(line)s has the same transaction with another amount": M_(
        "line %(line)s has the same transaction with another amount"
    ),
    "the books have it as %(kind)s %(name)s, the other way": M_(
        "the books have it as %(kind)s %(name)s, the other way"
    ),
    "the books have %(amount)s BDT in %(kind)s %(name)s": M_(
        "the books have %(amount)s in %(kind)s %(name)s"
    ),
    "it was rejected, and %(amount)s BDT were not sent back": M_(
        "it was rejected, and %(amount)s were not sent back"
    ),
    "%(kind)s %(name)s of %(amount)s BDT is not in the statement": M_(
        "%(kind)s %(name)s of %(amount)s is not in the statement"
    ),
    "nobody has decided about it": M_("nobody has decided about it"),
    "money came, and no payment has this transaction": M_(
        "money came, and no payment has this transaction"
    ),
    "money left, and no refund has this transaction": M_(
        "money left, and no refund has this transaction"
    ),
    "the amount is empty": M_("the amount is empty"),
    "the date is empty": M_("the date is empty"),
    "no transaction id": M_("no transaction ID"),
    "%(text)s is no amount; poisha stand behind a point": M_(
        "%(text)s is no amount; poisha stand behind a point"
    ),
    "%(text)s is no amount of money": M_("%(text)s is no amount of money"),
    "%(text)s has more than two decimals": M_("%(text)s has more than two decimals"),
    "%(text)s is no date": M_("%(text)s is no date"),
    "%(text)s is no date of a statement": M_("%(text)s is no date of a statement"),
    "%(text)s is no transaction id": M_("%(text)s is no transaction ID"),
    # Links
    "No link for the order %(order)s: as part of a URL it would become another one%(rest)s": M_(
        "No link for the order %(order)s: as part of a URL it would become another one, for its "
        "slashes or dots."
    ),
    "No link for the order %(order)s: a letter of it is invisible.": M_(
        "No link for the order %(order)s: a letter of it is invisible."
    ),
    "There is no merchant account %(name)s%(rest)s": M_("There is no merchant account %(name)s."),
}
#: Words that stand in those sentences.
_WORDS = {
    "payment": M_("payment"),
    "refund": M_("refund"),
    "bkash": M_("bKash"),
    "bank": M_("Bank"),
    "cash": M_("Cash"),
    "other": M_("Another way"),
    "completed": M_("Paid"),
    "flagged": M_("Flagged"),
    "pending": M_("Waiting"),
    "created": M_("Starting"),
    "cancelled": M_("Cancelled"),
    "expired": M_("Expired"),
    "failed": M_("Failed"),
}
_NAMED = re.compile(r"(payment|refund) (\d+)")
_PATTERNS = [
    (re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.*)", re.escape(sentence))), told)
    for sentence, told in _SENTENCES.items()
]


def retell(text: str) -> str:
    """Return what the core wrote as the desk says it, or as it is."""
    for pattern, told in _PATTERNS:
        if found := pattern.fullmatch(text):
            values = {name: _value(name, value) for name, value in found.groupdict().items()}
            return say(told, **values)
    return text


def not_done(error: BDQuickPayError) -> str:
    """What is said of something that was refused."""
    return say("Not done: %(why)s", why=retell(str(error)))


def linked(text: str) -> Markup:
    """The same, with a link where it names another payment."""
    for pattern, told in _PATTERNS:
        found = pattern.fullmatch(text)
        if found and _ID.fullmatch(found.groupdict().get("payment", "")):
            values: dict[str, str] = {n: _value(n, v) for n, v in found.groupdict().items()}
            link = Markup('<a href="{}">{}</a>').format(
                url_for(".payment", payment_id=int(found["payment"])), values["payment"]
            )
            return escape(say(told)) % (values | {"payment": link})
    return escape(retell(text))


def _value(name: str, value: str) -> str:
    """A word or a number of the language; names, ids and what others wrote stay as they are."""
    if name == "why":
        return retell(value)
    if name == "amount" and _NUMBER.fullmatch(value):
        return words.taka(Decimal(value.replace(",", "")))
    if name in _GIVEN:
        return value
    if value in _WORDS:
        return say(_WORDS[value])
    if named := _NAMED.fullmatch(value):
        return f"{say(_WORDS[named[1]])} {localized(named[2])}"
    return localized(value) if _NUMBER.fullmatch(value) else value
