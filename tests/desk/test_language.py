"""The desk in Bangla and English: each word is in its catalogue, and no page has a foreign one."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import g
from flask.testing import FlaskClient
from flask_babel import Babel

import flask_bdquickpay.extension
from flask_bdquickpay.desk.retold import retell
from flask_bdquickpay.payments.reasons import SENTENCES
from flask_bdquickpay.web.language import speaking

from ..databases import on_sqlite
from ..payments.test_refunds import paid, refund, rejected
from ..payments.test_statement import line
from ..shop import Shop
from ..unserved import owed, refused
from .test_books import csv_of, upload
from .visits import PAYMENTS, URL, flagged, happen, open_desk, press, put, said

DESK = Path(flask_bdquickpay.extension.__file__).parent / "desk"
CATALOGUE = DESK / "translations" / "bn" / "LC_MESSAGES" / "desk.po"
KEYWORDS = {"_": None, "say": None, "M_": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
BANGLA = re.compile("[\u0980-\u09ff]")
#: Three English words that follow each other.
SENTENCE = re.compile(r"[A-Za-z][a-z’']+(?:[ ,]+[A-Za-z][a-z’']+){2,}")
#: What is no text of a template.
MARKED = r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|<code>.*?</code>"
COOKIE = "bdquickpay_desk_lang"


def used_messages() -> set[str]:
    patterns = [("**.html", "jinja2"), ("**.py", "python")]
    return {
        str(message)
        for pattern in patterns
        for _, _, message, _, _ in extract_from_dir(DESK, [pattern], keywords=KEYWORDS)
    }


def catalogue() -> list[Message]:
    with CATALOGUE.open("rb") as file:
        return [one for one in read_po(file, locale="bn", abort_invalid=True) if one.id]


# The catalogue


def test_extraction_finds_the_words_of_pages_and_python() -> None:
    assert {"Skip to the content", "Flagged", "The note is in the timeline."} <= used_messages()


def test_every_word_is_in_the_catalogue_and_no_other() -> None:
    translated = {str(message.id) for message in catalogue() if message.string}
    assert used_messages() ^ translated == set()


def test_every_translation_is_bangla_with_the_same_values() -> None:
    for message in catalogue():
        ours, theirs = (sorted(PLACEHOLDER.findall(str(x))) for x in (message.id, message.string))
        assert ours == theirs, message.id
        assert BANGLA.search(str(message.string)), message.id
        assert not message.fuzzy


def test_no_word_of_a_template_is_left_unmarked() -> None:
    for template in DESK.rglob("*.html"):
        text = re.sub(
            r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "·", template.read_text(), flags=re.DOTALL
        )
        text = re.sub(r"<code>.*?</code>", "", text)
        found = re.findall(r">([^<>]*[A-Za-z]{3}[^<>]*)<", text)
        found += re.findall(r'(?:aria-label|placeholder|title|data-done)="([^"·]*)"', text)
        assert [one.strip() for one in found if one.strip() != "bKash"] == [], template.name


def test_every_reason_of_the_core_has_words_of_the_desk(shop: Shop) -> None:
    values = {"amount": "5.00", "reference": "R", "payment": "7", "transaction": "T"}
    values |= {"why": "W", "invoice": "I", "message": "M"}
    with shop.app.app_context(), speaking("bn"):
        for sentence in SENTENCES:
            told = retell(sentence % values if "%" in sentence else sentence)
            assert BANGLA.search(told), sentence
            assert not SENTENCE.search(told), sentence


# The pages


def words_of(page: str) -> str:
    """What a page says, without code and what others wrote."""
    text = re.sub(r"<(code|pre|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    named = " ".join(re.findall(r'(?:aria-label|placeholder|title|data-done)="([^"]*)"', text))
    return unescape(re.sub(r"<[^>]+>", " ", text) + " " + named)


def bangla(desk: FlaskClient, url: str) -> str:
    page = desk.get(url, query_string={"lang": "bn"} if "?" not in url else None)
    assert page.status_code in (200, 400, 404), url
    assert '<html lang="bn">' in page.text
    return words_of(page.text)


@pytest.mark.thorough
@on_sqlite
def test_no_page_in_bangla_has_an_english_sentence(shop: Shop, desk: FlaskClient) -> None:
    desk.get(f"{URL}/?lang=bn")
    pages = [bangla(desk, f"{URL}/")]
    made = [flagged(shop), refused(shop), owed(shop), rejected(shop), shop.started(), paid(shop)]
    number = refund(shop, made[-1], "100")
    for status in ("cancelled", "expired", "failed"):
        happen(shop, put(shop, status=status), new_status=status)
    put(shop, status="failed", reason="the gateway reports that the payment failed")
    urls = [f"{URL}/", f"{URL}/?period=year", PAYMENTS, f"{PAYMENTS}?minimum=x&since=y", f"{URL}/x"]
    urls += [f"{PAYMENTS}?q=nothing", f"{URL}/link", f"{URL}/link?reference={shop.order()}"]
    urls += [f"{PAYMENTS}/{payment.id}" for payment in made]
    urls += [f"{PAYMENTS}/{made[-1].id}/refunds/new", f"{PAYMENTS}/{made[3].id}/refunds/new"]
    urls += [f"{PAYMENTS}/{made[-1].id}/refunds/{number}/void"]
    urls += [f"{URL}/books?since=2026-01-01&until=2099-12-31", f"{URL}/books?since=x"]
    pages += [bangla(desk, url) for url in urls]
    pages += [words_of(page) for page in answers(shop, desk, made)]
    theirs = re.compile(
        r"flask bdquickpay \w+|trx_id, amount, date|one cup was broken|raised ValueError: .*"
    )
    assert {one for page in pages for one in SENTENCE.findall(theirs.sub("", page))} == set()


def answers(shop: Shop, desk: FlaskClient, made: list[Any]) -> list[str]:
    """What is said to forms, right and wrong."""
    odd, other = made[0], made[4]
    note = {"note": "দেখেছি"}
    pages = [
        press(desk, odd.id, "resolve", decision="maybe"),
        press(desk, odd.id, "resolve", decision="accept", sent="y", message="m", **note),
        press(desk, odd.id, "resolve", decision="reject", refund_trx_id="T", **note),
        press(desk, odd.id, "resolve", decision="accept", **note),
        press(desk, odd.id, "resolve", decision="accept", step="confirm", **note),
        press(desk, odd.id, "resolve", decision="reject", sent="y", **note),
        press(desk, odd.id, "resolve", decision="reject", step="confirm", sent="y", **note),
        press(
            desk, other.id, "resolve", decision="accept", step="confirm", accepted="500.00", **note
        ),
        press(desk, other.id, "give-up", **note),
        press(desk, other.id, "note", **note),
        press(desk, other.id, "note", note=""),
        press(desk, other.id, "verify"),
        press(desk, other.id, "announce"),
        press(desk, other.id, "verify", csrf_token="old"),
        upload(
            desk, csv_of(line(made[5]), line(made[5], "77", "UNKNOWN77"), line(made[5], "x", "B1"))
        ),
        upload(desk, b"no\ntable\n"),
    ]
    shop.change(other, invoice_id="OTHERS")
    pages.append(press(desk, other.id, "verify"))
    return [page.text for page in pages]


# The choice


def test_desk_speaks_the_language_of_the_shop(new_shop: Callable[..., Shop]) -> None:
    desk = open_desk(new_shop(BDQUICKPAY_LANGUAGE="bn"))
    assert "ড্যাশবোর্ড" in desk.get(f"{URL}/").text
    assert "Dashboard" in desk.get(f"{URL}/?lang=en").text


def test_desk_follows_the_hosts_flask_babel(shop: Shop) -> None:
    Babel(shop.app, locale_selector=lambda: g.get("locale", "bn"))
    desk = open_desk(shop)
    assert '<html lang="bn">' in desk.get(PAYMENTS).text


def test_chosen_language_is_kept_for_the_desk_alone(shop: Shop, desk: FlaskClient) -> None:
    page = desk.get(f"{PAYMENTS}?lang=bn&show=flagged")
    kept = next(one for one in page.headers.getlist("Set-Cookie") if one.startswith(COOKIE))
    assert f"Path={URL}/" in kept
    assert "HttpOnly" in kept
    assert "SameSite=Lax" in kept
    assert "পেমেন্ট" in desk.get(PAYMENTS).text
    assert "Payments" in desk.get(f"{PAYMENTS}?lang=en").text
    assert "Payments" in desk.get(PAYMENTS).text
    payment = flagged(shop)
    desk.get(f"{PAYMENTS}?lang=bn")
    assert '<html lang="en"' in shop.success(payment).text  # the buyer's pages are another matter


@pytest.mark.parametrize("wrong", ["fr", "", "bn'", "EN"])
def test_language_that_is_none_changes_nothing(desk: FlaskClient, wrong: str) -> None:
    page = desk.get(PAYMENTS, query_string={"lang": wrong})
    assert '<html lang="en">' in page.text
    assert COOKIE not in str(page.headers)


def test_nothing_is_kept_of_whom_the_host_refuses(shop: Shop) -> None:
    page = open_desk(shop, allow=lambda: False).get(f"{PAYMENTS}?lang=bn")
    assert (page.status_code, COOKIE in str(page.headers)) == (403, False)


def test_switch_keeps_the_page(shop: Shop, desk: FlaskClient) -> None:
    page = desk.get(f"{PAYMENTS}?show=flagged&lang=en").text
    assert f'href="{PAYMENTS}?show=flagged&amp;lang=bn" lang="bn"' in page
    payment = flagged(shop)
    wrong = press(desk, payment.id, "resolve", decision="accept").text
    assert f'href="{PAYMENTS}/{payment.id}?lang=bn"' in wrong


@pytest.mark.parametrize(
    "odd", ["_external=1&_scheme=javascript", "_anchor=x", "endpoint=x", "payment_id=7", "q=a&q=b"]
)
def test_switch_is_a_link_within_the_desk_whatever_the_url_says(
    shop: Shop, desk: FlaskClient, odd: str
) -> None:
    payment = flagged(shop)
    for url in (PAYMENTS, f"{PAYMENTS}/{payment.id}"):
        page = desk.get(f"{url}?{odd}")
        assert page.status_code == 200
        assert f'href="{url}?{escape(odd)}&amp;lang=bn"' in page.text
        assert "javascript:" not in page.text
    look = press(desk, payment.id, f"resolve?{odd}", decision="reject", note="x")
    assert look.status_code == 200
    assert f'action="{PAYMENTS}/{payment.id}/resolve' in look.text


def test_amounts_days_and_flashes_are_bangla(shop: Shop, desk: FlaskClient) -> None:
    payment = flagged(shop)
    text = desk.get(f"{PAYMENTS}/{payment.id}?lang=bn").text
    assert "৳৪০০.০০" in text
    assert "৳400" not in text
    assert "নোটটি ঘটনার তালিকায়" in said(press(desk, payment.id, "note", note="x"))
