"""`BDQUICKPAY_SHOP` says who is paid, and what is wrong in it is named."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from flask_bdquickpay import ConfigurationError
from flask_bdquickpay.settings import Settings
from flask_bdquickpay.shop import ShopDetails


def read(**parts: Any) -> ShopDetails:
    return Settings.from_config({"BDQUICKPAY_SHOP": parts}).shop


GOOD: list[tuple[str, Any, Any]] = [
    ("name", " শাপলা স্টোর ", "শাপলা স্টোর"),
    ("name", 1971, "1971"),
    ("logo", "/static/logo.svg", "/static/logo.svg"),
    ("logo", "static/logo.svg", "static/logo.svg"),
    ("logo", "https://cdn.example.com/a.png?v=1", "https://cdn.example.com/a.png?v=1"),
    ("phone", "+880 1712-345678", "+880 1712-345678"),
    ("phone", "০১৭১২-৩৪৫৬৭৮", "০১৭১২-৩৪৫৬৭৮"),
    ("phone", 16247, "16247"),
    ("whatsapp", "01712-345678", "8801712345678"),
    ("whatsapp", "+880 1712 345678", "8801712345678"),
    ("whatsapp", "00880 1712 345678", "8801712345678"),
    ("whatsapp", "০১৭১২৩৪৫৬৭৮", "8801712345678"),
    ("whatsapp", 8801712345678, "8801712345678"),
    ("whatsapp", "+49 151 23456789", "4915123456789"),
    ("email", "shop@example.com", "shop@example.com"),
    ("address", "House 12\nDhanmondi", ("House 12", "Dhanmondi")),
    ("address", ["House 12", "Dhanmondi"], ("House 12", "Dhanmondi")),
    ("url", "https://shop.example.com/@me?a=1", "https://shop.example.com/@me?a=1"),
    ("url", "http://shop.example.com", "http://shop.example.com"),
]


@pytest.mark.parametrize(("part", "value", "meant"), GOOD)
def test_part_is_read(part: str, value: Any, meant: Any) -> None:
    assert getattr(read(**{part: value}), part) == meant


BAD: list[tuple[str, Any]] = [
    ("name", "two\nlines"),
    ("name", True),
    ("name", "x" * 301),
    ("name", ["Shapla"]),
    ("name", "\u202eturned"),
    ("logo", "http://cdn.example.com/a.png"),
    ("logo", "javascript:alert(1)"),
    ("logo", "data:image/png;base64,AAAA"),
    ("logo", "//cdn.example.com/a.png"),
    ("logo", "/static/a b.png"),
    ("logo", "/\\evil.example.com"),
    ("phone", "call me"),
    ("phone", "javascript:1"),
    ("whatsapp", "0151 23456789"),
    ("whatsapp", "12345"),
    ("whatsapp", "1" * 16),
    ("email", "shop@example"),
    ("email", "shop@example.com?bcc=x@example.com"),
    ("email", "a b@example.com"),
    ("address", "x\n" * 11),
    ("address", "a\x1b[0m"),
    ("address", 7),
    ("url", "shop.example.com"),
    ("url", "javascript:alert(1)"),
    ("url", "https://me:secret@shop.example.com"),
    ("url", "https://[broken"),
]


@pytest.mark.parametrize(("part", "value"), BAD)
def test_wrong_part_is_named_with_one_that_works(part: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"BDQUICKPAY_SHOP\['{part}'\] must be .*such as"):
        read(**{part: value})


def test_unknown_part_is_named_with_the_one_that_is_meant() -> None:
    with pytest.raises(ConfigurationError, match="no part 'nmae'; did you mean 'name'"):
        read(nmae="Shapla")
    with pytest.raises(ConfigurationError, match="it has name, logo"):
        read(quux="Shapla")


@pytest.mark.parametrize("value", ["Shapla Store", ["name"], 7, True])
def test_whatever_is_no_dict_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="BDQUICKPAY_SHOP must be a dict, such as"):
        Settings.from_config({"BDQUICKPAY_SHOP": value})


def test_each_part_may_be_missing_or_empty() -> None:
    assert read() == read(name="", phone=None) == Settings().shop == ShopDetails()
    assert repr(ShopDetails()) == "{}"
    assert not read(name="Shapla").has_contact
    assert read(email="shop@example.com").has_contact


def test_phone_dials_what_is_read() -> None:
    assert read(phone="০১৭১২-৩৪৫ (৬৭৮)").dial == "01712345678"


def test_environment_says_it_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_BDQUICKPAY_SHOP__name", "Shapla Store")
    monkeypatch.setenv("FLASK_BDQUICKPAY_SHOP__whatsapp", "8801712345678")
    app = Flask("shop")
    app.config.from_prefixed_env()
    shop = Settings.from_config(app.config).shop
    assert (shop.name, shop.whatsapp) == ("Shapla Store", "8801712345678")


@pytest.mark.parametrize("seconds", [1, 86400, "3600", 400 * 86400])
def test_age_of_a_link_is_read(seconds: Any) -> None:
    assert Settings.from_config({"BDQUICKPAY_LINK_AGE": seconds}).link_age == float(seconds)


@pytest.mark.parametrize("seconds", [0, -1, 400 * 86400 + 1, "soon", True, None.__class__])
def test_age_of_a_link_is_above_0_and_at_most_400_days(seconds: Any) -> None:
    with pytest.raises(ConfigurationError, match="BDQUICKPAY_LINK_AGE must be"):
        Settings.from_config({"BDQUICKPAY_LINK_AGE": seconds})
