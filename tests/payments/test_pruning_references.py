"""What a row of the shop's own tables refers to is never pruned, whatever the database looks at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ..console.commandline import run
from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .clock import time_passes
from .test_pruning import YEARS, heed_foreign_keys, let_go, prune
from .test_refunds import paid

KEPT = {"the shop's own tables refer to it": 1}


class Notes:
    """A table of the shop with rows about payments, or about facts of their timelines."""

    def __init__(self, shop: Shop, about: str = "payment", ondelete: str | None = None) -> None:
        self.shop = shop
        metadata = shop.db.metadata
        key = sa.ForeignKey(f"bdquickpay_{about}.id", ondelete=ondelete)
        number = sa.Column("id", sa.Integer, primary_key=True)
        self.table = sa.Table("note", metadata, number, sa.Column("about", key, nullable=True))
        with shop.app.app_context():
            shop.db.create_all()

    def add(self, row: Any) -> None:
        with self.shop.app.app_context():
            self.shop.db.session.execute(self.table.insert().values(about=row and row.id))
            self.shop.db.session.commit()

    @property
    def about(self) -> list[int | None]:
        return self.shop._read(sa.select(self.table.c.about))


def unpaid(shop: Shop) -> Any:
    payment = shop.started()
    let_go(shop, payment)
    return payment


@pytest.fixture
def own(new_shop: NewShop) -> Shop:
    """A shop that may have tables of its own."""
    return new_shop(own_tables=True)


@on_sqlite
def test_payment_is_kept_though_the_database_does_not_look_at_foreign_keys(own: Shop) -> None:
    notes, payment, other = Notes(own), unpaid(own), unpaid(own)
    notes.add(payment)
    time_passes(own, YEARS)
    report = prune(own, yes=True)
    assert (report.payments, report.kept) == (1, KEPT)
    assert [one.id for one in own.payments()] == [payment.id] != [other.id]


@pytest.mark.parametrize("ondelete", ["CASCADE", "SET NULL"])
def test_payment_is_kept_though_the_shops_row_would_give_way(own: Shop, ondelete: str) -> None:
    notes, payment = Notes(own, ondelete=ondelete), unpaid(own)
    heed_foreign_keys(own)
    notes.add(payment)
    time_passes(own, YEARS)
    report = prune(own, yes=True)
    assert (report.payments, report.events, report.kept) == (0, 0, KEPT)
    assert notes.about == [payment.id]
    assert own.payment(payment).id == payment.id
    assert own.events(payment)


def test_payments_that_are_kept_are_counted_before_anything_is_done(own: Shop) -> None:
    notes, payment, _ = Notes(own), unpaid(own), unpaid(own)
    notes.add(payment)
    time_passes(own, YEARS)
    told, done = prune(own), prune(own, yes=True)
    assert (told.payments, told.kept, told.done) == (1, KEPT, False)
    assert (done.payments, done.events, done.kept) == (told.payments, told.events, KEPT)


@pytest.mark.parametrize("ondelete", [None, "CASCADE"])
def test_payment_is_kept_for_a_fact_of_its_timeline(own: Shop, ondelete: str | None) -> None:
    notes, payment = Notes(own, "payment_event", ondelete), unpaid(own)
    event = own.events(payment)[0]
    notes.add(event)
    time_passes(own, YEARS)
    assert (prune(own).kept, prune(own, yes=True).kept) == (KEPT, KEPT)
    assert (notes.about, own.payment(payment).id) == ([event.id], payment.id)


def looked_at(shop: Shop) -> Any:
    """A fact of the timeline that changed nothing."""
    payment = shop.started()
    shop.success(payment)
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    return next(event for event in shop.events(payment) if event.new_status is None)


@pytest.mark.parametrize("ondelete", [None, "CASCADE", "SET NULL"])
def test_fact_of_the_timeline_is_kept(own: Shop, ondelete: str | None) -> None:
    notes, kept, gone = Notes(own, "payment_event", ondelete), looked_at(own), looked_at(own)
    notes.add(kept)
    time_passes(own, YEARS)
    for yes in (False, True):
        report = prune(own, what="timeline", yes=yes)
        assert (report.events, report.kept, report.done) == (1, KEPT, yes)
    left = [event.id for event in own.events()]
    assert (kept.id in left, gone.id in left, notes.about) == (True, False, [kept.id])


def test_table_that_is_not_there_yet_refers_to_nothing(own: Shop) -> None:
    key = sa.ForeignKey("bdquickpay_payment.id")
    sa.Table("note", own.db.metadata, sa.Column("about", key))
    unpaid(own)
    time_passes(own, YEARS)
    assert prune(own, yes=True).payments == 1


def test_command_says_what_is_kept_before_anything_is_done(own: Shop) -> None:
    Notes(own).add(unpaid(own))
    time_passes(own, YEARS)
    assert f"Kept: 1, since {next(iter(KEPT))}." in run(own, "prune", "--older-than", "400d").stdout


def test_row_that_refers_to_nothing_or_to_another_keeps_nothing(own: Shop) -> None:
    notes, good, payment = Notes(own), paid(own), unpaid(own)
    for about in (None, good):
        notes.add(about)
    time_passes(own, YEARS)
    report = prune(own, yes=True)
    assert (report.payments, report.kept) == (1, {})
    assert [one.id for one in own.payments()] == [good.id] != [payment.id]


@pytest.mark.parametrize("what", ["unpaid", "timeline"])
def test_age_beyond_all_time_is_refused(shop: Shop, what: str) -> None:
    with pytest.raises(ValueError, match="no time so long ago"):
        prune(shop, timedelta(days=900_000), what=what)
