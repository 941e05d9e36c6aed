"""Why a payment is as it is: the sentences that are stored, for the shop's people and the log."""

from __future__ import annotations

FAILED_AT_GATEWAY = "the gateway reports that the payment failed"
OTHER_AMOUNT_PAID = "amount mismatch: %(amount)s BDT were paid"
OTHER_AMOUNT_ASKED = "amount mismatch: the gateway's payment is of %(amount)s BDT"
OTHER_ORDER = "the gateway's payment is for another order: %(reference)s"
PAID_LATE = "paid after it had failed or expired here"
PAID_SUPERSEDED = "superseded: paid although another payment had taken its place"
PAID_ALREADY = "the order was already paid by payment %(payment)s"
TRANSACTION_SEEN = "transaction %(transaction)s was already seen on payment %(payment)s"
UNKNOWN_AT_GATEWAY = "the gateway does not know the payment any more"
ANSWER_LOST = "the gateway's answer was lost: nobody was sent to pay"
REFUSED = "the gateway refused to create the payment: %(why)s"
NO_URL = "the gateway's payment page is not on a trusted host: nobody was sent to pay"
INVOICE_TAKEN = "the gateway answered with invoice %(invoice)s, which another payment has"
REJECTED = "rejected by the shop"
REJECTED_BECAUSE = "rejected by the shop: %(message)s"
PAID_GIVEN_UP = "paid after the shop had given the payment up"
REFUSED_HERE = "the shop's own code refuses to book it"
OTHER_ACCOUNT = "made with another merchant account"

#: All of them.
SENTENCES = [text for name, text in vars().copy().items() if name.isupper()]
