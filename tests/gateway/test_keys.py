"""The merchant's keys travel to the gateway alone, and come back in no message."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_bdquickpay import BDQuickPayClient, GatewayError, GatewayUnavailableError

from . import hostile as gw
from .asking import client_of, create, verify
from .hostile import COMPLETED, INVOICE, PENDING, hostile
from .troubles import REDIRECT


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with (
        hostile(gw.answer(gw.verified(COMPLETED))) as elsewhere,
        hostile(gw.answer("", status, REDIRECT.format(elsewhere.base_url))) as server,
    ):
        with pytest.raises(GatewayUnavailableError) as caught:
            verify(server)
        assert caught.value.status_code == status
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        assert elsewhere.connections == 0
        assert len(server.requests) == 2


def test_cookies_are_not_kept() -> None:
    cookie = "Set-Cookie: session=abc; Path=/\r\n"
    with hostile(gw.answer(gw.verified(PENDING), extra=cookie)) as server:
        client = client_of(server)
        client.verify_payment(INVOICE)
        client.verify_payment(INVOICE)
        assert all("cookie" not in request.headers for request in server.requests)


def test_netrc_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with hostile(gw.answer(gw.verified(PENDING))) as server:
        verify(server)
    assert "authorization" not in server.requests[0].headers


def test_an_account_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test kit redirects every client of a process by this one property."""
    with (
        hostile(gw.answer(gw.verified(PENDING))) as one,
        hostile(gw.answer(gw.verified(PENDING))) as other,
    ):
        client = client_of(one)
        client.verify_payment(INVOICE)
        account = BDQuickPayClient("kit-app", "kit-secret", other.base_url).account
        monkeypatch.setattr(BDQuickPayClient, "account", property(lambda self: account))
        client.verify_payment(INVOICE)
    assert (len(one.requests), len(other.requests)) == (1, 1)
    assert other.requests[0].headers["x-app-key"] == "kit-app"


def test_short_keys_do_not_blot_out_what_the_gateway_says() -> None:
    refusal = {
        "status": False,
        "message": "Unauthorized: s.",
        "errors": {"success_url": ["The success url must be a valid URL."]},
    }
    with hostile(gw.answer(refusal, 422)) as server, pytest.raises(GatewayError) as caught:
        create(BDQuickPayClient("k", "s", server.base_url))
    assert caught.value.errors == refusal["errors"]
    assert caught.value.message.endswith("Unauthorized: ***.")


def test_key_that_begins_the_other_one_does_not_uncover_it() -> None:
    refusal = {"status": False, "message": "Not merchant-1-and-its-secret."}
    with hostile(gw.answer(refusal, 401)) as server, pytest.raises(GatewayError) as caught:
        create(BDQuickPayClient("merchant-1", "merchant-1-and-its-secret", server.base_url))
    assert caught.value.message.endswith("Not ***.")
