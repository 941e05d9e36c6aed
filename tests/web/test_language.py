"""The Bangla catalogue says all that the extension says, and amounts and times read right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask, g
from flask_babel import Babel

import flask_bdquickpay.extension
from flask_bdquickpay.web.language import current_language, format_moment, format_money, translate

PACKAGE = Path(flask_bdquickpay.extension.__file__).parent
TEMPLATES = next(
    folder for folder in (PACKAGE / "templates", PACKAGE.parent / "templates") if folder.is_dir()
)
CATALOGUE = PACKAGE / "web" / "translations" / "bn" / "LC_MESSAGES" / "bdquickpay.po"
KEYWORDS = {"_": None, "translate": None, "N_": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def make_app(language: str) -> Flask:
    app = Flask(__name__)
    state = SimpleNamespace(settings=SimpleNamespace(language=language))
    app.extensions["bdquickpay"] = state
    return app


@pytest.fixture
def bangla() -> Iterator[None]:
    with make_app("bn").app_context():
        yield


@pytest.fixture
def english() -> Iterator[None]:
    with make_app("en").app_context():
        yield


def used_messages() -> set[str]:
    folders = [(TEMPLATES / "bdquickpay", "**.html", "jinja2"), (PACKAGE, "**.py", "python")]
    return {
        str(message)
        for folder, pattern, method in folders
        for name, _, message, _, _ in extract_from_dir(
            folder, [(pattern, method)], keywords=KEYWORDS
        )
        if not name.startswith("sandbox")
    }


def read_catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="bn", abort_invalid=True)


def catalogue_messages() -> list[Message]:
    return [message for message in read_catalogue() if message.id]


def test_extraction_finds_the_words_of_pages_and_button() -> None:
    assert {"Payment successful", "Pay with bKash", "Amount"} <= used_messages()


def test_every_string_is_translated() -> None:
    translated = {str(message.id) for message in catalogue_messages() if message.string}
    assert used_messages() - translated == set()


def test_no_string_is_stale() -> None:
    catalogue = read_catalogue()
    known = {str(message.id) for message in catalogue if message.id}
    assert known - used_messages() == set()
    assert not catalogue.obsolete


def test_no_string_is_fuzzy() -> None:
    assert [message.id for message in catalogue_messages() if message.fuzzy] == []


def test_every_translation_is_bangla() -> None:
    without = [
        m.id for m in catalogue_messages() if not re.search("[\u0980-\u09ff]", str(m.string))
    ]
    assert without == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    for message in catalogue_messages():
        ours, theirs = (PLACEHOLDER.findall(str(x)) for x in (message.id, message.string))
        assert sorted(ours) == sorted(theirs), message.id


@pytest.mark.usefixtures("bangla")
def test_bangla_is_read_from_the_catalogue() -> None:
    assert translate("Payment successful") == "পেমেন্ট সফল হয়েছে"


@pytest.mark.usefixtures("english")
def test_english_is_the_message_itself() -> None:
    assert translate("Payment successful") == "Payment successful"


@pytest.mark.usefixtures("english")
def test_values_are_filled_in_and_a_bare_percent_sign_is_left_alone() -> None:
    assert translate("Pay %(amount)s", amount="৳5") == "Pay ৳5"
    assert translate("100 % sure") == "100 % sure"


MONEY = [
    ("5", "৳5.00", "৳৫.০০"),
    ("500.00", "৳500.00", "৳৫০০.০০"),
    ("0.5", "৳0.50", "৳০.৫০"),
    ("100000", "৳1,00,000.00", "৳১,০০,০০০.০০"),
    ("1234567890.12", "৳1,23,45,67,890.12", "৳১,২৩,৪৫,৬৭,৮৯০.১২"),
]


@pytest.mark.parametrize(("amount", "english", "bangla"), MONEY)
def test_money_is_grouped_in_lakhs_with_the_languages_digits(
    amount: str, english: str, bangla: str
) -> None:
    with make_app("en").app_context():
        assert format_money(Decimal(amount)) == english
    with make_app("bn").app_context():
        assert format_money(Decimal(amount)) == bangla


MOMENT = datetime(2026, 3, 21, 20, 5, tzinfo=timezone.utc)


@pytest.mark.usefixtures("english")
def test_a_moment_is_told_in_bangladesh_time() -> None:
    assert plain_spaces(format_moment(MOMENT)) == "22 March 2026, 2:05 AM"


@pytest.mark.usefixtures("bangla")
def test_a_moment_has_bangla_digits_month_and_part_of_the_day() -> None:
    # The words for night and afternoon are CLDR's, which has changed them before.
    assert re.fullmatch("২২ মার্চ ২০২৬, রাত\\S* ২:০৫", format_moment(MOMENT))
    assert re.fullmatch("২২ মার্চ ২০২৬, বিক\\S* ৪:০৫", format_moment(MOMENT + timedelta(hours=14)))


HOST_LOCALES = [("bn", "bn"), ("bn_BD", "bn"), ("en_GB", "en"), ("fr", "en")]


@pytest.mark.parametrize(("locale", "language"), HOST_LOCALES)
def test_the_hosts_flask_babel_locale_is_followed(locale: str, language: str) -> None:
    app = make_app("bn" if language == "en" else "en")
    Babel(app, locale_selector=lambda: g.locale)
    with app.test_request_context():
        g.locale = locale
        assert current_language() == language


def plain_spaces(text: str) -> str:
    """Newer CLDR data puts a narrow space before AM and PM."""
    return text.replace("\u202f", " ").replace("\xa0", " ")
