"""The words for a payment's state, with the moves between them that are permitted."""

from __future__ import annotations

from enum import Enum


class PaymentStatus(str, Enum):
    """The state of a payment; compares equal to its word, in Python and in queries."""

    CREATED = "created"  #: recorded here, not yet known to the gateway
    PENDING = "pending"  #: the gateway waits for the customer
    COMPLETED = "completed"  #: the gateway verified the money; never left
    FAILED = "failed"  #: believed to have failed
    CANCELLED = "cancelled"  #: the customer came back without paying
    EXPIRED = "expired"  #: not paid in time
    FLAGGED = "flagged"  #: the gateway says completed, but something disagrees: a person decides

    def __str__(self) -> str:
        return self.value

    @property
    def is_final(self) -> bool:
        """Whether nothing more is awaited from the customer."""
        return self not in (PaymentStatus.CREATED, PaymentStatus.PENDING)


#: The gateway has said that it was paid.
MONEY_CAME = frozenset({PaymentStatus.COMPLETED, PaymentStatus.FLAGGED})
#: Over, as far as we know: money may still come.
BELIEFS = frozenset({PaymentStatus.CANCELLED, PaymentStatus.FAILED, PaymentStatus.EXPIRED})

#: From each status to those that may follow. Whatever is not here is refused.
MOVES: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.CREATED: frozenset({PaymentStatus.PENDING, PaymentStatus.FAILED}),
    PaymentStatus.PENDING: MONEY_CAME
    | {PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED},
    PaymentStatus.CANCELLED: MONEY_CAME
    | {PaymentStatus.PENDING, PaymentStatus.FAILED, PaymentStatus.EXPIRED},
    PaymentStatus.FAILED: MONEY_CAME,
    PaymentStatus.EXPIRED: MONEY_CAME,
    PaymentStatus.FLAGGED: frozenset({PaymentStatus.COMPLETED, PaymentStatus.FAILED}),
    PaymentStatus.COMPLETED: frozenset(),
}

#: The reasons of payments that made way for another: money that still arrives on them is flagged.
SUPERSEDED, GIVEN_UP = "superseded", "given up by the shop"
#: How the timeline begins a fact of which the gateway told nothing.
UNANSWERED = "the gateway could not be asked"
