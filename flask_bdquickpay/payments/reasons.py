"""Why a payment is as it is: the sentences that are stored."""

from __future__ import annotations


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue."""
    return sentence


FAILED_AT_GATEWAY = N_("the gateway reports that the payment failed")
OTHER_AMOUNT_PAID = N_("amount mismatch: %(amount)s BDT were paid")
OTHER_AMOUNT_ASKED = N_("amount mismatch: the gateway's payment is of %(amount)s BDT")
OTHER_ORDER = N_("the gateway's payment is for another order: %(reference)s")
PAID_LATE = N_("paid after it had failed or expired here")
PAID_SUPERSEDED = N_("superseded: paid although the order's amount had changed")
PAID_ALREADY = N_("the order was already paid by payment %(payment)s")
TRANSACTION_SEEN = N_("transaction %(transaction)s was already seen on payment %(payment)s")
UNKNOWN_AT_GATEWAY = N_("the gateway does not know the payment any more")
ANSWER_LOST = N_("the gateway's answer was lost: nobody was sent to pay")
REFUSED = N_("the gateway refused to create the payment: %(why)s")
NO_URL = N_("the gateway's payment page is not on a trusted host: nobody was sent to pay")
INVOICE_TAKEN = N_("the gateway answered with invoice %(invoice)s, which another payment has")
REJECTED = N_("rejected by the shop")
REJECTED_BECAUSE = N_("rejected by the shop: %(message)s")
PAID_GIVEN_UP = N_("paid after the shop had given the payment up")
REFUSED_HERE = N_("the shop's own code refuses to book it")
OTHER_ACCOUNT = N_("made with another merchant account")

#: All of them.
SENTENCES = [text for name, text in vars().copy().items() if name.isupper() and name != "N_"]
