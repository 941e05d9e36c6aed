"""Payment links: what opens one, what it costs, and what is never done by looking at it."""

from __future__ import annotations

import hashlib
import os
import string
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, abort
from flask_wtf import CSRFProtect
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import Signer

from flask_bdquickpay import ConfigurationError, InvalidPaymentRequest, PaymentRequest, clock
from flask_bdquickpay.web.tokens import Link, WrongTokenError, make_token, read_token

from ..branches import make_branches
from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import KEYS, NewShop, Shop
from .buyers import Buyer, buyer, link_of

PAY = "/bdquickpay/pay/"
LETTERS = f"{string.ascii_letters}{string.digits}-_"
NOTHING = b"There is nothing at this link"


def books(shop: Shop) -> tuple[Any, ...]:
    """All that a look could have changed."""
    rows = [*shop.payments(), *shop.events()]
    columns = [{name: value for name, value in vars(row).items() if name[0] != "_"} for row in rows]
    return columns, len(shop.gateway.requests), list(shop.heard), list(shop.changed)


# Making one


@pytest.mark.thorough
def test_link_leads_to_the_order_and_needs_no_table(shop: Shop) -> None:
    reference = shop.order()
    url = link_of(shop, reference)
    assert url.startswith(f"http://localhost{PAY}")
    assert len(url) < 90
    assert Buyer(shop, url).open().status_code == 200


def test_link_uses_the_public_url_outside_a_request(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(BDQUICKPAY_PUBLIC_URL="https://shop.example.com")
    with shop.app.app_context():
        assert shop.bdquickpay.pay_link(7).startswith(f"https://shop.example.com{PAY}")


def test_link_outside_a_request_needs_the_public_url(shop: Shop) -> None:
    with shop.app.app_context(), pytest.raises(ConfigurationError, match="BDQUICKPAY_PUBLIC_URL"):
        shop.bdquickpay.pay_link(7)


def test_link_asks_no_loader(shop: Shop) -> None:
    asked: list[str] = []
    shop.bdquickpay.order_loader(asked.append)
    link_of(shop, "4711")
    assert asked == []


def test_link_for_a_reference_that_no_order_has_is_refused(shop: Shop) -> None:
    for reference in (None, "", " 7", "a//b", "x" * 256, "\u202e7"):
        with pytest.raises(InvalidPaymentRequest, match="No link for the order"):
            link_of(shop, reference)  # type: ignore[arg-type]


def test_link_without_a_secret_key_is_refused(new_shop: Callable[..., Shop]) -> None:
    shop = new_shop(SECRET_KEY=None)
    with pytest.raises(ConfigurationError, match="Set SECRET_KEY"):
        link_of(shop, "7")


AGES: list[Any] = [1, 0.5, timedelta(days=3), 400 * 86400, timedelta(days=400)]


@pytest.mark.parametrize("age", AGES, ids=str)
def test_link_ends_when_it_is_told_to(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, age: Any
) -> None:
    reference = shop.order()
    opened = Buyer(shop, link_of(shop, reference, expires_in=age))
    assert opened.open().status_code == 200
    begin, lasts = datetime.now(timezone.utc), age if isinstance(age, timedelta) else timedelta(0)
    end = begin + (lasts or timedelta(seconds=age))
    monkeypatch.setattr(clock, "utcnow", lambda: end)
    for answer in (opened.open(), opened.open("HEAD"), opened.post({"amount": "500.00"})):
        assert answer.status_code == 410
    assert shop.payments() == []


BAD_AGES: list[Any] = [
    *(0, -1, 400 * 86400 + 1, float("nan"), float("inf"), True, "3d", 1e300),
    *(timedelta(0), timedelta(days=400, microseconds=1), timedelta(-1)),
]


@pytest.mark.parametrize("age", BAD_AGES, ids=str)
def test_age_that_is_none_is_refused(shop: Shop, age: Any) -> None:
    with pytest.raises(ValueError, match="expires_in must be"):
        link_of(shop, "7", expires_in=age)


def test_default_age_is_the_setting(
    new_shop: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.utcnow()
    for shop, seconds in ((new_shop(), 30 * 86400), (new_shop(BDQUICKPAY_LINK_AGE=60), 60)):
        monkeypatch.setattr(clock, "utcnow", lambda: now)
        opened = buyer(shop, shop.order())
        monkeypatch.setattr(clock, "utcnow", lambda end=seconds: now + timedelta(seconds=end - 1))
        assert opened.open().status_code == 200
        monkeypatch.setattr(clock, "utcnow", lambda end=seconds: now + timedelta(seconds=end))
        assert opened.open().status_code == 410


# Tokens


def token(shop: Shop, reference: str = "7") -> str:
    return link_of(shop, reference).rpartition("/")[2]


@pytest.mark.parametrize("reference", ["7", "FLN6-QLJL", "র\u200d্যাক-১", "a/b", "x" * 255])
def test_token_holds_reference_and_end(shop: Shop, reference: str) -> None:
    end = datetime(2027, 3, 1, 12, 30, 15, 250_000, tzinfo=timezone.utc)
    with shop.app.app_context():
        assert read_token(make_token(Link(reference, end))) == Link(reference, end)


def test_every_wrong_token_is_the_same_page(shop: Shop) -> None:
    reference = shop.order()
    good = token(shop, reference)
    changed = [
        good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        for place in range(len(good))
    ]
    respelt = [f"{good[:-1]}{letter}" for letter in LETTERS if letter != good[-1]]
    wrong = [*changed, *respelt, good[:-1], f"{good}A", good.replace(".", ""), good[::-1],
             "x", "%00", "a" * 3000, f"{good}/x", f"{good}%2E%2E/x", "bn-েন"]  # fmt: skip
    answers = [shop.client.get(f"{PAY}{one}") for one in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1
    assert NOTHING in answers[0].data
    posts = [shop.client.post(f"{PAY}{one}", data={"amount": "500"}) for one in wrong]
    assert {answer.data for answer in posts} == {answers[0].data}
    assert shop.payments() == []


@given(st.text(max_size=80) | st.binary(max_size=40).map(lambda data: data.hex()))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nobody_guesses_a_token(guess: str) -> None:
    app = Flask("guessed")
    app.secret_key = "tests"
    with app.app_context(), pytest.raises(WrongTokenError):
        read_token(guess)


def test_sentence_around_a_link_does_no_harm(shop: Shop) -> None:
    good = token(shop, shop.order())
    for end in (".", "।", ")", "!", ".)", "%3E", ";"):
        assert shop.client.get(f"{PAY}{good}{end}").status_code == 200
    assert shop.client.get(f"{PAY}{good}?fbclid=Iw-1.x&amount=1").status_code == 200


def test_token_of_another_key_is_wrong_until_it_is_a_fallback(
    new_shop: Callable[..., Shop],
) -> None:
    old = new_shop(SECRET_KEY="old")
    url = link_of(old, old.order())
    assert Buyer(new_shop(SECRET_KEY="new"), url).open().status_code == 404
    rotated = new_shop(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "old"])
    assert Buyer(rotated, url).open().status_code == 200
    assert Buyer(old, link_of(rotated, "1")).open().status_code == 404  # signed with the new one


def test_what_the_app_signs_for_something_else_is_no_token(shop: Shop) -> None:
    content = token(shop, shop.order()).partition(".")[0]
    others = Signer("tests", "cookie-session", key_derivation="hmac", digest_method=hashlib.sha1)
    assert shop.client.get(f"{PAY}{others.sign(content).decode()}").status_code == 404


# Looking changes nothing


LOOKS: list[dict[str, Any]] = [
    {"method": "GET"},
    {"method": "HEAD"},
    {"method": "OPTIONS"},
    {"method": "GET", "headers": {"Purpose": "preview"}},
    {"method": "GET", "headers": {"Sec-Purpose": "prefetch"}},
    {"method": "GET", "headers": {"User-Agent": "facebookexternalhit/1.1"}},
]


def _paid(shop: Shop, reference: str) -> None:
    shop.click(reference)
    shop.gateway.pay(shop.payments(reference)[-1])
    shop.webhook(shop.payments(reference)[-1])


def _past_its_end(shop: Shop, reference: str) -> None:
    shop.click(reference)
    shop.gateway.switch(expired_status="pending")
    past = clock.utcnow() - timedelta(seconds=1)
    shop.change(shop.payments(reference)[-1], expires_at=past)


def _cancelled(shop: Shop, reference: str) -> None:
    shop.click(reference)
    shop.cancel(shop.payments(reference)[-1])


STATES: dict[str, Callable[[Shop, str], object]] = {
    "new": lambda shop, reference: None,
    "pending": Shop.click,
    "past its end": _past_its_end,
    "cancelled": _cancelled,
    "paid": _paid,
}


@pytest.mark.parametrize("state", STATES)
def test_whoever_looks_ten_times_changes_nothing(shop: Shop, state: str) -> None:
    reference = shop.order()
    STATES[state](shop, reference)
    opened, before = buyer(shop, reference), books(shop)
    for look in LOOKS:
        for _ in range(10):
            answer = opened.open(**look)
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
    assert books(shop) == before


def test_prefetched_post_does_nothing(shop: Shop) -> None:
    opened = buyer(shop, shop.order())
    answer = opened.post({"amount": "500.00"}, headers={"Sec-Purpose": "prefetch"})
    assert answer.status_code == 503
    assert shop.payments() == []


def test_page_is_private(shop: Shop) -> None:
    headers = buyer(shop, shop.order()).open().headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Robots-Tag"] == "noindex"


# Paying


def test_link_is_paid_without_a_cookie(shop: Shop) -> None:
    reference = shop.order("1250.50")
    answer = buyer(shop, reference).press()
    (payment,) = shop.payments()
    assert (answer.status_code, answer.location) == (303, payment.payment_url)
    assert payment.amount == Decimal("1250.50")
    assert payment.customer_reference == reference
    assert payment.channel == "link"
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    assert shop.order_status(reference) == "paid"


@pytest.mark.thorough
def test_channel_says_where_a_payment_began(shop: Shop) -> None:
    reference = shop.order()
    shop.click(reference)
    assert shop.payments(reference)[-1].channel == "button"
    buyer(shop, reference).press()
    assert [payment.channel for payment in shop.payments(reference)] == ["button"]
    with shop.app.test_request_context():
        assert shop.bdquickpay.start(shop.order()).channel == "api"


def test_label_lines_and_account_are_kept(new_shop: NewShop) -> None:
    shop = make_branches(new_shop)
    request = PaymentRequest(
        "580.50", label="চা", lines=[("Tea", 600), ("Less", "-19.50")], account="dhaka"
    )
    shop.bdquickpay.order_loader(lambda reference: request)
    buyer(shop, "7").press()
    (payment,) = shop.payments()
    assert payment.label == "চা"
    assert payment.lines == [["Tea", "600.00"], ["Less", "-19.50"]]
    assert payment.account == "dhaka"


def test_twice_pressed_is_one_payment(shop: Shop) -> None:
    opened = buyer(shop, shop.order())
    first, second = opened.press(), opened.press()
    assert first.location == second.location
    assert len(shop.payments()) == len(shop.gateway.payments) == 1


def test_paid_order_is_not_charged_again_by_an_old_page(shop: Shop) -> None:
    reference = shop.order()
    opened = buyer(shop, reference)
    page = opened.open()
    _paid(shop, reference)
    again = opened.press(page)
    assert again.status_code == 200
    assert "<form" not in again.text
    assert len(shop.payments()) == len(shop.gateway.payments) == 1


# Shown is charged


def test_amount_that_changed_is_shown_before_it_is_charged(shop: Shop) -> None:
    reference = shop.order("500")
    opened = buyer(shop, reference)
    page = opened.open()
    shop.reprice(reference, "750.50")
    answer = opened.press(page)
    assert answer.status_code == 409
    assert "৳500.00" in answer.text
    assert "৳750.50" in answer.text
    assert shop.payments() == shop.gateway.requests == []
    assert opened.press(answer).status_code == 303
    assert [payment.amount for payment in shop.payments()] == [Decimal("750.50")]


def test_payment_that_has_begun_makes_way_for_the_new_amount(shop: Shop) -> None:
    reference = shop.order("500")
    opened = buyer(shop, reference)
    opened.press()
    shop.reprice(reference, "400")
    assert opened.press().status_code == 303
    amounts = [(payment.amount, payment.reason) for payment in shop.payments()]
    assert amounts == [(Decimal(500), "superseded"), (Decimal(400), None)]


@pytest.mark.parametrize(
    "fields",
    [{}, {"amount": ""}, {"amount": "five"}, {"amount": "NaN"}, {"amount": "0"}, {"amount": "-500"},
     {"amount": "500.001"}, {"amount": "5" * 100}, {"amount": "1"}, {"Amount": "500"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("lang", ["en", "bn"])
def test_form_that_does_not_say_the_amount_creates_nothing(
    new_shop: Callable[..., Shop], fields: dict[str, str], lang: str
) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=lang)
    opened = buyer(shop, shop.order())
    answer = opened.post(fields)
    assert answer.status_code in (400, 409)
    assert shop.payments() == shop.gateway.requests == []
    assert opened.press(answer).status_code == 303


def test_amount_in_the_address_counts_for_nothing(shop: Shop) -> None:
    opened = buyer(shop, shop.order())
    assert opened.client.post(f"{opened.path}?amount=500.00").status_code == 400


# Whom it is closed to


@pytest.mark.parametrize("site", ["cross-site", " Cross-Site"])
def test_button_that_another_site_pressed_does_nothing(shop: Shop, site: str) -> None:
    opened = buyer(shop, shop.order())
    answer = opened.press(headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "No money was taken" in answer.text
    assert shop.payments() == shop.gateway.requests == []


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none", ""])
def test_button_of_the_page_itself_is_heard(shop: Shop, site: str) -> None:
    answer = buyer(shop, shop.order()).press(headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 303


def test_link_opened_from_another_site_is_shown(shop: Shop) -> None:
    opened = buyer(shop, shop.order())
    assert opened.open(headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("first", [True, False])
def test_hosts_csrf_protection_leaves_links_alone(
    new_shop: Callable[..., Shop], first: bool
) -> None:
    def protect(app: Flask) -> None:
        if first:
            CSRFProtect(app)

    shop = new_shop(prepare=protect)
    if not first:
        CSRFProtect(shop.app)
    assert buyer(shop, shop.order()).press().status_code == 303


def test_checkout_check_is_for_the_checkout_alone(shop: Shop) -> None:
    shop.bdquickpay.checkout_check(lambda reference: False)
    assert buyer(shop, shop.order()).press().status_code == 303


# What the shop's own code says


LOADERS: dict[str, Callable[[str], Any]] = {
    "None": lambda reference: None,
    "404": lambda reference: abort(404),
    "no number": lambda reference: int("seven"),
    "other spelling": lambda reference: PaymentRequest(500, reference="another"),
}


@pytest.mark.parametrize("says", LOADERS)
def test_loader_ends_the_link(shop: Shop, says: str) -> None:
    opened = buyer(shop, shop.order())
    shop.bdquickpay.order_loader(LOADERS[says])
    for answer in (opened.open(), opened.open("HEAD"), opened.post({"amount": "500"})):
        assert answer.status_code == 410
    assert "<form" not in opened.open().text
    assert shop.payments() == shop.gateway.requests == []


def _broken(reference: str) -> Any:
    raise RuntimeError("the shop's own code fails")


@pytest.mark.parametrize(
    ("says", "code"),
    [(_broken, 500), (lambda reference: PaymentRequest(0), 422), (lambda reference: 7, 503)],
    ids=["broken", "not chargeable", "no request"],
)
def test_shops_own_failure_is_a_page_and_in_the_log(
    shop: Shop, says: Any, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    opened = buyer(shop, shop.order())
    shop.bdquickpay.order_loader(says)
    for answer in (opened.open(), opened.post({"amount": "500"})):
        assert answer.status_code == code
        assert "No money was taken" in answer.text
        assert "csrf_token" not in answer.text
        assert "Set-Cookie" not in answer.headers
    assert "rder '1'" in caplog.text


@pytest.mark.parametrize(("fault", "codes"), [("500", (502, 504)), ("reset", (502, 504))])
def test_gateway_out_of_reach_leads_back_to_the_link(
    shop: Shop, fault: str, codes: tuple[int, ...]
) -> None:
    reference = shop.order()
    opened = buyer(shop, reference)
    shop.gateway.fault(fault, "create")
    answer = opened.press()
    assert answer.status_code in codes
    assert "No money was taken" in answer.text
    assert 'href=""' in answer.text  # the same address, opened anew
    assert "csrf_token" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert opened.press().status_code == 303


# In templates


def test_template_has_the_link(shop: Shop) -> None:
    with shop.app.test_request_context():
        template = shop.app.jinja_env.from_string("{{ bdquickpay_link(7, expires_in=60) }}")
        url = urlsplit(template.render())
        assert read_token(url.path.rpartition("/")[2]).reference == "7"


def test_shop_that_does_not_say_where_it_is_gets_no_links(
    new_shop: Callable[..., Shop],
) -> None:
    """Whoever asks for the page with the link could else say where it leads."""
    shop = new_shop(
        BDQUICKPAY_BASE_URL="https://gateway.example.com/api", TRUSTED_HOSTS=["shop.example.com"]
    )
    with shop.app.test_request_context(base_url="https://shop.example.com"):
        assert shop.bdquickpay.pay_link(7).startswith("https://shop.example.com/")
    shop.app.config["TRUSTED_HOSTS"] = None
    with (
        shop.app.test_request_context(base_url="https://evil.example.com"),
        pytest.raises(ConfigurationError, match="BDQUICKPAY_PUBLIC_URL"),
    ):
        shop.bdquickpay.pay_link(7)


def test_links_need_no_segno(tmp_path: Path) -> None:
    """The extra is for codes alone, and is not imported before one is drawn."""
    program = "import sys; sys.modules['segno'] = None; import flask_bdquickpay.extension"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | KEYS | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
