"""What an order is called, and what it consists of, stays with its payment on every database."""

from __future__ import annotations

from flask_bdquickpay import PaymentRequest

from ..shop import Shop


def test_label_lines_and_channel_are_kept(shop: Shop) -> None:
    lines = [("র\u200d্যাক ৳ 🫖" + "x" * 240, "10000000.01"), ("ছাড়", "-9999999.01")]
    request = PaymentRequest(1, label="চা 🫖" * 16, lines=lines)
    shop.bdquickpay.order_loader(lambda reference: request)
    with shop.app.test_request_context():
        payment = shop.bdquickpay.start("7")
    kept = shop.payment(payment)
    assert kept.label == "চা 🫖" * 16
    assert kept.lines == [[lines[0][0], "10000000.01"], ["ছাড়", "-9999999.01"]]
    assert (kept.channel, kept.account) == ("api", "")


def test_order_without_them_has_none(shop: Shop) -> None:
    payment = shop.payment(shop.started())
    assert (payment.label, payment.lines, payment.channel) == (None, None, "button")
