"""Whether the gateway answers, and knows us."""

from __future__ import annotations

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    GatewayError,
    InvoiceNotFoundError,
    MerchantInactiveError,
    RequestRejectedError,
)
from .findings import MADE_UP, Patient, Result, ok, red


def check_gateway(patient: Patient) -> Result:
    """Ask the gateway about an invoice that nobody has: it answers, and accepts the keys."""
    url = patient.account.base_url
    try:
        patient.state.client.verify_payment(MADE_UP)
    except (InvoiceNotFoundError, RequestRejectedError):
        return ok(f"{url} answers and accepts the keys.")
    except AuthenticationError as error:
        return red(
            f"{error} Copy both keys again from the merchant dashboard, API Credentials, into "
            "BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY."
        )
    except MerchantInactiveError as error:
        return red(f"{error} Ask bdQuickPay's support to activate it.")
    except ConfigurationError as error:
        return red(f"Not asked. {error}")
    except GatewayError as error:
        return red(f"{url}: {error} Check the network and BDQUICKPAY_BASE_URL, or try again.")
    return red(f"{url} knows an invoice that nobody made. Check BDQUICKPAY_BASE_URL.")
