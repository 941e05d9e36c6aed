"""`resolve` at a terminal asks for what it was not told."""

from __future__ import annotations

from typing import Any

import click
import pytest

from flask_bdquickpay.console import decisions

from ..databases import on_sqlite
from ..shop import Shop
from .commandline import flagged, run
from .program import Program
from .test_program import without_colour


@on_sqlite
def test_accepting_is_asked_for(program: Program, shop: Shop) -> None:
    payment = flagged(shop)
    code, shown = program.on_terminal("resolve", payment.id, typed="accept\nseen at bKash\ny\n")
    text = without_colour(shown)
    assert code == 0, text
    assert "Payment 1  500.00 BDT  flagged" in text
    assert "The order costs 500.00 BDT; 450.00 BDT came." in text
    assert "Order 1 will be paid, by 450.00 BDT. Sure?" in text
    assert shop.payment(payment).status == "completed"
    assert shop.events(payment)[-1].note == "seen at bKash"


@pytest.mark.thorough
@on_sqlite
def test_rejecting_asks_what_the_customer_is_told(program: Program, shop: Shop) -> None:
    payment = flagged(shop)
    typed = "reject\n \nnot ours\nPlease call us.\ny\n"  # a reason of spaces is asked for again
    code, shown = program.on_terminal("resolve", payment.id, typed=typed)
    assert code == 0, shown
    assert "450.00 BDT must be sent back by hand. Sure?" in without_colour(shown)
    assert shop.payment(payment).reason == "rejected by the shop: Please call us."
    assert shop.events(payment)[-1].note == "not ours"


@pytest.mark.thorough
@on_sqlite
@pytest.mark.parametrize("typed", ["accept\nwhy\nn\n", "accept\nwhy\n\n", "accept\n"])
def test_thinking_better_of_it_changes_nothing(program: Program, shop: Shop, typed: str) -> None:
    payment = flagged(shop)
    code, shown = program.on_terminal("resolve", payment.id, typed=typed)
    assert (code, "Aborted!" in shown) == (1, True)
    assert shop.payment(payment).status == "flagged"


@pytest.mark.thorough
@on_sqlite
def test_only_what_is_missing_is_asked_for(program: Program, shop: Shop) -> None:
    payment = flagged(shop)
    code, shown = program.on_terminal("resolve", payment.id, "--accept", typed="why\ny\n")
    assert code == 0
    assert "Accept or reject?" not in shown


@pytest.mark.thorough
@on_sqlite
def test_what_nobody_decides_about_is_said(program: Program, shop: Shop) -> None:
    payment = shop.started()
    code, shown = program.on_terminal("resolve", payment.id)
    said = " ".join(without_colour(shown).split())
    assert code == 1
    assert "Payment 1 is pending: there is nothing to accept or reject." in said


@on_sqlite
@pytest.mark.parametrize("options", [(), ("--accept",), ("--note", "why"), ("--json",)])
def test_where_nobody_can_answer_it_is_wrong_usage_once(
    shop: Shop, options: tuple[str, ...]
) -> None:
    payment = flagged(shop)
    result = run(shop, "resolve", payment.id, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("Error: ") == 1
    assert "Choose --accept, --reject or --give-up, and say --note WHY." in result.stderr


@on_sqlite
def test_no_connection_is_held_while_a_person_thinks(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, held = flagged(shop), []
    with shop.app.app_context():
        pool: Any = shop.db.engine.pool

    def answered(*_question: Any, **_options: Any) -> str:
        held.append(pool.checkedout())
        return "why"

    monkeypatch.setattr(decisions, "is_terminal", lambda: True)
    monkeypatch.setattr(click, "prompt", answered)
    monkeypatch.setattr(click, "confirm", answered)
    assert run(shop, "resolve", payment.id, "--accept").exit_code == 0
    assert held == [0, 0]
    assert shop.payment(payment).is_paid
