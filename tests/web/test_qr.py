"""The code of a payment link: what it leads to, and what it says to those who can't see it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest
import segno

from flask_bdquickpay import ConfigurationError, clock

from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from .buyers import link_of

NewShop = Callable[..., Shop]


def test_code_leads_to_the_link(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now)
    with shop.app.test_request_context():
        template = shop.app.jinja_env.from_string("{{ bdquickpay_qr('SHAPLA-7') }}")
        drawn = template.render()
    url = link_of(shop, "SHAPLA-7")
    path = re.compile(r'<path[^>]* d="([^"]+)"')
    wanted = segno.make_qr(url, error="m").svg_inline(scale=5, light="#fff")
    assert path.findall(drawn) == path.findall(wanted)
    assert len(path.findall(drawn)) == 2  # the ground and the dark modules
    assert path.findall(drawn) != path.findall(segno.make_qr(f"{url}x").svg_inline(light="#fff"))


@pytest.mark.thorough
@pytest.mark.parametrize("lang", ["en", "bn"])
def test_code_says_what_it_is_without_being_seen(new_shop: NewShop, lang: str) -> None:
    shop = new_shop(BDQUICKPAY_LANGUAGE=lang)
    with shop.app.test_request_context():
        drawn = shop.app.jinja_env.from_string("{{ bdquickpay_qr(7) }}").render()
        named = shop.app.jinja_env.from_string("{{ bdquickpay_qr(7, '<Table> 7') }}").render()
    says = "camera" if lang == "en" else "ক্যামেরা"
    assert re.match(r'<svg role="img" aria-label="[^"]+" ', drawn)
    size = re.search(r' width="(\d+)" height="\1"', drawn)
    assert size is not None
    assert f'viewBox="0 0 {size[1]} {size[1]}"' in drawn
    assert says in drawn
    assert 'aria-label="&lt;Table&gt; 7"' in named
    assert "<Table>" not in named
    assert "style=" not in drawn  # a strict Content-Security-Policy lets it be seen


def test_code_without_segno_says_what_to_install(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    template = shop.app.jinja_env.from_string("{{ bdquickpay_qr(7) }}")
    with (
        shop.app.test_request_context(),
        pytest.raises(ConfigurationError, match=r'pip install "Flask-BDQuickPay\[qr\]"'),
    ):
        template.render()
