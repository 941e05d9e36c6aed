"""Whether the gateway answers, knows us, and has the same time."""

from __future__ import annotations

from datetime import timedelta

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    GatewayError,
    InvoiceNotFoundError,
    MerchantInactiveError,
    RequestRejectedError,
)
from .findings import MADE_UP, Patient, Result, ok, red, warning

#: Clocks may differ by so much; by more, payments end too early or too late here.
USUAL, MOST = timedelta(seconds=30), timedelta(minutes=5)


def check_gateway(patient: Patient) -> Result:
    """Ask the gateway about an invoice that nobody has: it answers, and accepts the keys."""
    url = patient.account.base_url
    try:
        patient.client.verify_payment(MADE_UP)
    except (InvoiceNotFoundError, RequestRejectedError):
        return ok(f"{url} answers and accepts the keys.")
    except AuthenticationError as error:
        return red(
            f"{error} Copy both keys again from the merchant dashboard, API Credentials, into "
            f"{patient.setting('app_key')} and {patient.setting('secret_key')}."
        )
    except MerchantInactiveError as error:
        return red(f"{error} Ask bdQuickPay's support to activate it.")
    except ConfigurationError as error:
        return red(f"Not asked. {error}")
    except GatewayError as error:
        return red(f"{url}: {error} Check the network and BDQUICKPAY_BASE_URL, or try again.")
    return red(f"{url} knows an invoice that nobody made. Check BDQUICKPAY_BASE_URL.")


def check_clock(patient: Patient) -> Result:
    """Whether this machine has the gateway's time, by the answer that it gave last."""
    skew = patient.state.client.clock_skew
    if skew is None:
        return ok("Not known: no answer of the gateway's has said what time it is there.")
    difference = abs(skew)
    if difference <= USUAL:
        return ok(f"As the gateway's, within {max(difference.seconds, 1)} s.")
    side = "behind" if skew > timedelta(0) else "ahead of"
    return (red if difference > MOST else warning)(
        f"This machine's clock is {difference} {side} the gateway's: payments end at the wrong "
        "time here. Have it set by NTP: timedatectl set-ntp true."
    )
