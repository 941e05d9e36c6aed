"""The signals that a shop listens to. The sender is always the Flask app object.

All but those that end in `_changed` are sent inside the transaction that records the change, on the
app's ``db.session``: what a receiver writes commits or rolls back together with the payment.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from blinker import NamedSignal, Namespace
from flask import Flask

from .about import about
from .observers import Observer, unobserved
from .status import PaymentStatus

_namespace = Namespace()
_logger = logging.getLogger(__name__)
_SLOW = 2.0
#: What ends the program, or the task that runs here, whatever it is about.
_ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)

#: The gateway accepted the payment (`payment`).
payment_created: NamedSignal = _namespace.signal("flask_bdquickpay.payment_created")
#: The money was verified, or accepted by a person (`payment`); takes effect exactly once for each
#: payment.
payment_paid: NamedSignal = _namespace.signal("flask_bdquickpay.payment_paid")
#: It brought nothing (`payment`): time ran out, wrong amount, no page to pay on; `payment.reason`
#: says.
payment_failed: NamedSignal = _namespace.signal("flask_bdquickpay.payment_failed")
#: The customer came back without paying (`payment`).
payment_cancelled: NamedSignal = _namespace.signal("flask_bdquickpay.payment_cancelled")
#: It was not paid in time (`payment`).
payment_expired: NamedSignal = _namespace.signal("flask_bdquickpay.payment_expired")
#: The gateway says completed, but something disagrees (`payment`): a person decides;
#: `payment.reason` says what.
payment_flagged: NamedSignal = _namespace.signal("flask_bdquickpay.payment_flagged")
#: After any of these was committed, at least once (`payment`, `event`): mail, SMS, analytics.
payment_changed: NamedSignal = _namespace.signal("flask_bdquickpay.payment_changed")
#: A person wrote down that money was sent back (`payment`, `refund`).
payment_refunded: NamedSignal = _namespace.signal("flask_bdquickpay.payment_refunded")
#: A person took that back: it was wrong (`payment`, `refund`).
refund_voided: NamedSignal = _namespace.signal("flask_bdquickpay.refund_voided")
#: After either was committed, at least once (`payment`, `refund`, `event`).
refund_changed: NamedSignal = _namespace.signal("flask_bdquickpay.refund_changed")

#: The signal of each status that a payment can arrive at through a verify answer or a person.
OF_STATUS: dict[PaymentStatus, NamedSignal] = {
    PaymentStatus.COMPLETED: payment_paid,
    PaymentStatus.FAILED: payment_failed,
    PaymentStatus.CANCELLED: payment_cancelled,
    PaymentStatus.EXPIRED: payment_expired,
    PaymentStatus.FLAGGED: payment_flagged,
}


def paid_is_heard(app: Flask) -> bool:
    """Whether anybody in this process listens to the money of this app."""
    return not payment_paid.is_muted and any(True for _ in payment_paid.receivers_for(app))


class FlagPayment(Exception):
    """Raised by a receiver of `payment_paid`: a person is to decide about this money.

    What the receivers did is rolled back, and the payment is flagged with the reason, in one move.

    :param reason: such as ``"the order's total has changed"``; kept as ``payment.reason``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = str(reason)


def raised_by(error: BaseException) -> str | None:
    """Return the name of the receiver that raised `error`, if it was one."""
    name: str | None = getattr(error, "_bdquickpay_receiver", None)
    return name


def blame(error: BaseException, name: str) -> None:
    """Say whose error it is, unless that has been said."""
    vars(error).setdefault("_bdquickpay_receiver", name)


def _nothing() -> None:
    pass


async def _awaited(answer: Awaitable[object]) -> None:
    await answer


@dataclass(frozen=True)
class Send:
    """A signal that is sent about a payment.

    :ivar source: what brought it about, as in the timeline.
    :ivar check: called after each receiver; what it raises is the receiver's fault.
    :ivar observe: told how long each receiver took.
    """

    signal: NamedSignal
    app: Flask
    source: str | None
    check: Callable[[], None] = _nothing
    observe: Observer = unobserved

    def calls(self, arguments: dict[str, Any]) -> Iterator[Callable[[], None]]:
        """Yield a call for each receiver, async ones included.

        :param arguments: `payment` and what else they get; may be changed between two calls.
        """
        extra = about(arguments["payment"], self.source)  # it may be gone after a receiver
        for receiver in () if self.signal.is_muted else self.signal.receivers_for(self.app):
            yield self._timed(receiver, arguments, extra)

    def _timed(
        self, receiver: Callable[..., Any], arguments: dict[str, Any], extra: dict[str, Any]
    ) -> Callable[[], None]:
        function, name = self.app.ensure_sync(receiver), _name(receiver)

        def call() -> None:
            begin = time.monotonic()
            try:
                answer = function(self.app, **arguments)
                if inspect.isawaitable(answer):  # an async one behind a decorator
                    self.app.ensure_sync(_awaited)(answer)
                self.check()
            except Exception as error:
                blame(error, name)
                raise
            except _ENDS:
                raise
            except BaseException as error:  # gevent.Timeout, say, which is to stop nobody else
                failure = RuntimeError(f"{type(error).__name__}: {error}")
                blame(failure, name)
                raise failure from error
            finally:
                seconds = time.monotonic() - begin
                self.observe("receiver", seconds, {"signal": short_name(self.signal)})
            if seconds > _SLOW:
                text = "Receiver %s of a payment signal took %.1f s"
                _logger.warning(text, name, seconds, extra=extra)

        return call


def short_name(signal: NamedSignal) -> str:
    """The name by which a shop imports it."""
    return signal.name.rpartition(".")[2]


def _name(receiver: Callable[..., Any]) -> str:
    module = getattr(receiver, "__module__", None)
    name = getattr(receiver, "__qualname__", repr(receiver))
    return f"{module}.{name}" if module else name
