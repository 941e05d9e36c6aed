"""What of the gateway's behaviour is documented, and what had to be assumed."""

from __future__ import annotations

DOCUMENTED = (
    "POST /payment/create and POST /payment/verify: their parameters, answers and error codes "
    "(401, 403, 404, 422, 500), and that every error is JSON with a status of false and a message.",
    "verify of a pending payment has neither customer_reference nor dates, and its transaction is "
    "null; verify of a completed one has them all.",
    "An invoice is the merchant's whose keys made it: with other keys verify says 404.",
    "The webhook's body and its X-App-Key header, payment.completed and payment.failed (timeout or "
    "amount mismatch).",
    "A webhook wants a 2xx answer within 10 seconds; else it is retried after 5 minutes, and can "
    "be sent again by hand.",
    "The buyer goes to success_url after paying, and to cancel_url after cancelling or failing.",
)
ASSUMED = (
    "Statuses: verify says pending, completed or failed; switches make it say cancelled or "
    "expired.",
    "verify of a payment that failed looks like that of a pending one, with another status.",
    "Cancelling leaves the payment pending: it can still be paid until it expires. No webhook is "
    "sent about it.",
    "A payment can be paid for 30 minutes.",
    "The details in the return URLs: invoice_id, payment_id, customer_reference, amount, status "
    "and (when paid) trx_id, after a ? (or an & where the URL has a ? already), on success_url and "
    "cancel_url alike.",
    "Amounts are JSON numbers above 0 with at most two decimals, up to 999,999,999.99; a number in "
    "quotes is refused. A whole amount is answered without decimals.",
    "Texts are at most 255 characters long, URLs 2048 and ASCII, over http or https.",
    "What is absent may be left out; null is refused like any other wrong type.",
    "A body that is not a JSON object is answered with 422. Keys are checked before the body.",
    "A failed webhook is tried up to five times by itself. A redirect is no 2xx and not followed.",
    "Whether the webhook or the buyer arrives first is left to chance, as with the real gateway.",
    "A payment the gateway called failed can still be completed late, by hand.",
)
