"""`payments` and `show`: what is found, in which form."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timezone
from decimal import Decimal

import pytest

from flask_bdquickpay import clock

from ..databases import on_sqlite
from ..shop import Shop
from .commandline import flagged, ids, listed, run

DECISIONS = ("--accept", "--reject")

# payments


def test_payments_are_listed_the_newest_first(shop: Shop) -> None:
    first, second = shop.started(), shop.started("1250.50")
    rows = run(shop, "payments").stdout.splitlines()
    assert rows[0].split()[:5] == ["ID", "Invoice", "Order", "BDT", "Status"]
    assert rows[1].split()[:5] == ["2", second.invoice_id, "2", "1,250.50", "pending"]
    assert rows[2].split()[:5] == ["1", first.invoice_id, "1", "500.00", "pending"]


def test_payments_are_filtered(shop: Shop) -> None:
    one, two, three = (shop.started() for _ in range(3))
    shop.change(one, status="flagged")
    shop.change(two, status="failed")
    assert ids(shop, "--status", "flagged") == [one.id]
    assert ids(shop, "--status", "flagged", "--status", "failed") == [two.id, one.id]
    assert ids(shop, "--reference", three.customer_reference) == [three.id]
    assert ids(shop, "--status", "failed", "--reference", three.customer_reference) == []
    assert ids(shop, "--limit", 2) == [three.id, two.id]


@pytest.mark.parametrize(
    ("option", "value", "found"),
    [
        ("--since", "2026-03-21", [3, 2]),
        ("--since", "2026-03-21T00:00:00.000001", [3]),
        ("--since", "2026-03-20T18:00Z", [3, 2]),
        ("--since", "2026-03-21T01:00+07:00", [3, 2]),
        ("--utc --since", "2026-03-20T18:00", [3, 2]),
        ("--utc --since", "2026-03-21", [3]),
        ("--utc --until", "2026-03-20", [2, 1]),
        ("--since", "2026-03-21T23:59:59z", []),
        ("--until", "2026-03-21", [3, 2, 1]),
        ("--until", "2026-03-20", [1]),
        ("--until", "2026-03-21T00:00", [1]),
        ("--until", "2026-03-21T12:00:01", [3, 2, 1]),
    ],
)
def test_times_are_of_dhaka_unless_they_say_otherwise(
    shop: Shop, option: str, value: str, found: list[int]
) -> None:
    moments = ("2026-03-20T17:59:59", "2026-03-20T18:00:00", "2026-03-21T06:00:00")
    for moment in moments:
        created_at = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
        shop.change(shop.started(), created_at=created_at)
    assert ids(shop, *option.split(), value) == found


@on_sqlite
def test_today_is_the_day_in_bangladesh(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = shop.started(), shop.started()
    shop.change(old, created_at=datetime(2026, 3, 20, 17, 59, 59, tzinfo=timezone.utc))
    shop.change(new, created_at=datetime(2026, 3, 20, 18, 0, tzinfo=timezone.utc))
    now = datetime(2026, 3, 20, 20, 0, tzinfo=timezone.utc)
    monkeypatch.setattr(clock, "utcnow", lambda: now)
    assert ids(shop, "--today") == [new.id]
    assert ids(shop, "--today", "--utc") == [new.id, old.id]
    assert run(shop, "payments", "--today", "--since", "2026-03-20").exit_code == 2


@on_sqlite
@pytest.mark.parametrize("text", ["RDER-4", "order-42", "Tea", "{invoice}", "9K_L"])
def test_payments_are_searched(shop: Shop, text: str) -> None:
    payment, other = shop.started(), shop.started()
    shop.change(payment, customer_reference="ORDER-42", label="Tea & honey", trx_id="9K_L3")
    shop.change(other, trx_id="9KXL4")
    assert ids(shop, "--search", text.format(invoice=payment.invoice_id[3:12])) == [payment.id]


@on_sqlite
def test_times_and_amounts_are_those_that_people_write(shop: Shop) -> None:
    payment = shop.started("145000.50")
    at = datetime(2026, 3, 20, 20, 15, tzinfo=timezone.utc)
    shop.change(payment, created_at=at)
    table = run(shop, "payments").stdout
    assert "Created (Dhaka)" in table
    assert re.search(r"1,45,000\.50 +pending +2026-03-21 02:15", table)
    table = run(shop, "payments", "--utc").stdout
    assert "Created (UTC)" in table
    assert re.search(r"1,45,000\.50 +pending +2026-03-20 20:15", table)
    shown = run(shop, "show", payment.id).stdout
    assert "Payment 1  1,45,000.50 BDT  Waiting (pending)" in shown
    assert re.search(r"Created +2026-03-21 02:15:00 Dhaka", shown)


def test_json_is_exact(shop: Shop) -> None:
    payment = shop.started("1250.50")
    shop.gateway.pay(payment, webhook=False)
    run(shop, "verify", payment.invoice_id)
    payment = shop.payment(payment)
    (found,) = listed(shop)
    assert found["amount"] == "1250.50"
    assert found["status"] == "completed"
    assert found["trx_id"] == payment.trx_id
    assert datetime.fromisoformat(found["created_at"]) == payment.created_at
    assert found["created_at"].endswith("+00:00")
    assert found["reason"] is None
    assert "token" not in found


def test_csv_is_exact(shop: Shop) -> None:
    payments = [shop.started("0.01"), shop.started("99999999.99")]
    result = run(shop, "payments", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["amount"] for row in rows] == ["99999999.99", "0.01"]
    assert [row["invoice_id"] for row in rows] == [p.invoice_id for p in reversed(payments)]
    assert datetime.fromisoformat(rows[1]["created_at"]) == payments[0].created_at
    assert rows[0]["trx_id"] == ""
    assert list(rows[0]) == list(listed(shop)[0])


@on_sqlite
@pytest.mark.parametrize("text", ["=1+1", "+8801700000000", "-2", "@SUM(A1)", "\t=1", "\n=1"])
def test_csv_holds_no_formulas(shop: Shop, text: str) -> None:
    shop.change(shop.started(), reason=text, customer_reference=text)
    (row,) = csv.DictReader(io.StringIO(run(shop, "payments", "--csv").stdout, newline=""))
    assert row["reason"] == row["customer_reference"] == f"'{text}"


@on_sqlite
def test_csv_keeps_what_is_no_formula(shop: Shop) -> None:
    text = 'a "b", c\nবিকাশ = 1'
    shop.change(shop.started(), reason=text)
    (row,) = csv.DictReader(io.StringIO(run(shop, "payments", "--csv").stdout, newline=""))
    assert row["reason"] == text


@on_sqlite
@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_a_list_that_was_cut_says_so(shop: Shop, form: tuple[str, ...]) -> None:
    shop.started()
    shop.started()
    assert run(shop, "payments", "--limit", 2, *form).stderr == ""
    assert run(shop, "payments", "--limit", 1, *form).stderr == (
        "Only the newest 1; 'payments --limit' lists more.\n"
    )


@on_sqlite
def test_no_payments_are_no_error(shop: Shop) -> None:
    result = run(shop, "payments")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No such payments.\n"
    assert run(shop, "payments", "--json").stdout == "[]\n"
    assert len(run(shop, "payments", "--csv").stdout.splitlines()) == 1


# show


def test_a_payment_is_found_by_invoice_id_or_reference(shop: Shop) -> None:
    other, payment = shop.started(), shop.started()
    shop.change(payment, customer_reference="ORDER-7")
    for key in (payment.invoice_id, payment.id, "ORDER-7"):
        (found,) = json.loads(run(shop, "show", key, "--json").stdout)
        assert found["id"] == payment.id != other.id


def test_every_payment_of_a_reference_is_shown(shop: Shop) -> None:
    payments = [shop.started(), shop.started(), shop.started()]
    for payment in payments[:2]:
        shop.change(payment, customer_reference="ORDER-7")
    text = run(shop, "show", "ORDER-7").stdout
    assert [payment.invoice_id in text for payment in payments] == [True, True, False]


@on_sqlite
def test_a_reference_with_very_many_payments_shows_the_latest(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_bdquickpay.console.payments._MOST", 2)
    for payment in [shop.started(), shop.started(), shop.started()]:
        shop.change(payment, customer_reference="WALLET-7")
    result = run(shop, "show", "WALLET-7", "--json")
    assert [payment["id"] for payment in json.loads(result.stdout)] == [2, 3]
    assert "Only the newest 2" in result.stderr


def test_a_number_may_be_an_id_and_a_reference(shop: Shop) -> None:
    one, two = shop.started(), shop.started()
    shop.change(two, customer_reference=str(one.id))
    shop.change(one, customer_reference="ORDER-7")
    found = json.loads(run(shop, "show", one.id, "--json").stdout)
    assert [payment["id"] for payment in found] == [one.id, two.id]


def test_the_timeline_is_shown(shop: Shop) -> None:
    payment = flagged(shop)
    run(shop, "resolve", payment.id, "--accept", "--note", "seen at the bank", "--by", "Ayesha")
    text = run(shop, "show", payment.invoice_id).stdout
    assert re.search(r"Payment 1 +500\.00 BDT +Paid \(completed\)", text)
    assert re.search(r"Transaction +" + shop.payment(payment).trx_id, text)
    assert re.search(r"checkout +created > pending", text)
    assert re.search(r"cli +pending > flagged +the gateway said completed; amount mismatch", text)
    assert re.search(r"cli +flagged > completed +seen at the bank; by Ayesha", text)
    (found,) = json.loads(run(shop, "show", payment.invoice_id, "--json").stdout)
    assert [event["new_status"] for event in found["events"]] == ["pending", "flagged", "completed"]
    assert found["events"][1]["gateway_answer"]["transaction"]["amount"] == "450"
    assert found["payment_metadata"] == {"order_id": 1}


@on_sqlite
def test_what_was_sent_back_and_cleared_is_shown(shop: Shop) -> None:
    payment = flagged(shop)
    run(shop, "resolve", payment.id, "--accept", "--note", "seen")
    run(shop, "record-refund", payment.id, "--amount", "150", "--note", "one cup was broken")
    shop.change(payment, cleared_at=payment.created_at, fee=Decimal("8.33"))
    text = run(shop, "show", payment.id).stdout
    assert re.search(r"Sent back +150\.00 BDT", text)
    assert re.search(r"Cleared +20\d\d-.* Dhaka", text)
    assert re.search(r"Fee +8\.33 BDT", text)
    (found,) = json.loads(run(shop, "show", payment.id, "--json").stdout)
    assert (found["refunded_amount"], found["fee"]) == ("150.00", "8.33")
    assert found["events"][-1]["refund_id"] == 1


@on_sqlite
def test_a_flagged_payment_says_how_to_decide(shop: Shop) -> None:
    payment = flagged(shop)
    shown = run(shop, "show", payment.id).stdout
    lines = [line.strip() for line in shown.splitlines() if "bdquickpay resolve" in line]
    commands = [f"flask bdquickpay resolve {payment.id} {word} --note WHY" for word in DECISIONS]
    assert lines == commands


@on_sqlite
@pytest.mark.parametrize("key", ["nothing", "99", "9" * 30, "x" * 500, "৪২", "1' OR '1'='1", ""])
def test_what_is_not_there_has_exit_code_1(shop: Shop, key: str) -> None:
    shop.started()
    for command in (["show"], ["verify"], ["resolve", "--accept", "--note", "why"]):
        result = run(shop, *command, key)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "There is no payment" in result.stderr


def test_label_lines_and_channel_are_told(shop: Shop) -> None:
    lines = [["2 × Tea", "520.00"], ["Discount", "-20.00"]]
    payment = shop.started()
    shop.change(payment, label="Tea & honey", lines=lines, channel="link")
    (found,) = listed(shop)
    assert list(found)[-3:] == ["account", "label", "channel"]
    assert (found["label"], found["channel"]) == ("Tea & honey", "link")
    assert re.search(r"Channel +Label *\n.* link +Tea & honey *\n", run(shop, "payments").stdout)
    shown = run(shop, "show", "1").stdout
    assert re.search(r"^Label +Tea & honey *$", shown, re.MULTILINE)
    assert re.search(r"^Lines +2 × Tea: 520.00 BDT; Discount: -20.00 BDT *$", shown, re.MULTILINE)
    assert re.search(r"^Channel +link *$", shown, re.MULTILINE)
    assert json.loads(run(shop, "show", "1", "--json").stdout)[0]["lines"] == lines


@on_sqlite
def test_text_of_others_cannot_command_the_terminal(shop: Shop) -> None:
    text = "[red]\x1b[2J\n\u202eevil\x07 ক্ষ"
    shop.change(shop.started(), customer_reference=text, reason=text)
    for args in (("payments",), ("show", "1")):
        shown = run(shop, *args).stdout
        assert r"[red]\x1b[2J \u202eevil\x07 ক্ষ" in shown
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)
