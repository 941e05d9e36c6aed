"""Whether the gateway and the customers reach the shop, and only over HTTPS."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ..settings import is_loopback
from .findings import MADE_UP, Patient, Result, ok, red, warning


def check_public_url(patient: Patient) -> Result:
    """Whether the gateway, out on the internet, can reach the shop."""
    if patient.public_url is None:
        return warning(
            "Taken from each request, not known here. Set BDQUICKPAY_PUBLIC_URL = "
            "'https://shop.example.com'; behind a proxy or a tunnel it is needed."
        )
    host = urlsplit(patient.public_url).hostname or ""
    if patient.plays:
        return ok(f"{patient.public_url} (the stand-in gateway reaches any address).")
    if _is_private(host):
        return red(
            f"The gateway can't reach {host}. Set BDQUICKPAY_PUBLIC_URL to the shop's address on "
            "the internet, or to a tunnel's."
        )
    return ok(f"{patient.public_url}")


def _is_private(host: str) -> bool:
    if is_loopback(host) or not {".", ":"} & set(host):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host.endswith((".local", ".localhost", ".internal", ".lan"))


def check_https(patient: Patient) -> Result:
    """Whether keys and cookies travel over HTTPS alone, and customers come back logged in."""
    url, config = patient.public_url, patient.app.config
    if url is None:
        return warning("Not checked: the public URL is not known. Set BDQUICKPAY_PUBLIC_URL.")
    if urlsplit(url).scheme != "https":
        if patient.plays:
            return ok("Plain HTTP is fine with the stand-in gateway.")
        return red(
            f"{url} is plain HTTP: keys and customers travel in the open. Get a certificate and "
            "set BDQUICKPAY_PUBLIC_URL to the https:// address."
        )
    if not config["SESSION_COOKIE_SECURE"]:
        return warning("Cookies may leave over plain HTTP. Set SESSION_COOKIE_SECURE = True.")
    if str(config["SESSION_COOKIE_SAMESITE"]).lower() == "strict":
        return warning(
            "Customers come back from the gateway logged out. Set SESSION_COOKIE_SAMESITE = 'Lax'."
        )
    return ok("The public URL is HTTPS, and cookies stay on it.")


def check_csrf(patient: Patient) -> Result:
    """Whether checkout refuses a POST that no button of ours has sent."""
    if not patient.app.config.get("WTF_CSRF_ENABLED", True):
        return red(
            "WTF_CSRF_ENABLED is False: any site can start payments in a customer's name. "
            "Remove that setting outside of tests."
        )
    if not patient.app.secret_key:
        return red("Not tried: there are no tokens without a key. Set SECRET_KEY.")
    code = _checkout_without_token(patient)
    if code == 400:
        return ok("Checkout refuses a POST without a token.")
    if code in (301, 302, 303, 307, 308, 401, 403):
        return warning(
            f"Something of the shop's answers before checkout (HTTP {code}). Exempt the blueprint "
            "'bdquickpay' from it, if customers who are not logged in may pay."
        )
    return red(
        f"Checkout answered HTTP {code} to a POST without a token. See the shop's log, and look "
        "for what replaces bdquickpay.checkout."
    )


def _checkout_without_token(patient: Patient) -> int:
    prefix = patient.state.settings.url_prefix
    client = patient.app.test_client(use_cookies=False)
    answer = client.post(f"{prefix}/checkout/{MADE_UP}", base_url=patient.public_url)
    answer.close()
    return int(answer.status_code)
