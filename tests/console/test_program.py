"""The real program: what is on stdout, what fits a terminal, what Ctrl-C leaves."""

from __future__ import annotations

import csv
import io
import json
import re
import signal

import pytest

from flask_bdquickpay.clock import DHAKA, utcnow

from ..databases import on_sqlite
from ..shop import Shop
from .commandline import due, flagged
from .program import Program, wait_for


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_the_real_program_prints_json(program: Program, shop: Shop) -> None:
    payment = shop.started()
    code, out, err = program.run("payments", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)[0]["invoice_id"] == payment.invoice_id


@pytest.mark.thorough
@on_sqlite
@pytest.mark.parametrize("command", ["show 1", "verify 1", "reconcile", "deliver", "doctor"])
def test_only_the_json_is_on_stdout(program: Program, shop: Shop, command: str) -> None:
    due(shop, 1)
    program.environ["TEST_NOISE"] = "1"
    _, out, err = program.run(*command.split(), "--json")
    assert json.loads(out)
    assert "SELECT" in err
    assert "ROLLBACK" in err


@pytest.mark.thorough
@on_sqlite
def test_only_the_csv_is_on_stdout(program: Program, shop: Shop) -> None:
    payment = shop.started()
    program.environ["TEST_NOISE"] = "1"
    _, out, err = program.run("payments", "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["invoice_id"] == payment.invoice_id
    assert "SELECT" in err


@pytest.mark.thorough
@on_sqlite
def test_a_table_fits_a_terminal_and_an_invoice_id_is_whole(program: Program, shop: Shop) -> None:
    payments = [shop.started("1250.50"), shop.started()]
    shop.change(payments[0], customer_reference="a" * 36, status="flagged")
    code, shown = program.on_terminal("payments")
    lines = without_colour(shown).splitlines()
    assert code == 0
    assert max(map(len, lines)) <= 80
    for payment in payments:
        assert any(re.search(rf"\b{payment.invoice_id}\b", line) for line in lines)
    assert "…" not in shown
    assert "\x1b[1;31mflagged" in shown


@pytest.mark.thorough
@on_sqlite
@pytest.mark.parametrize(("columns", "invoice"), [(40, "A" * 20), (80, "B" * 128)])
def test_what_does_not_fit_is_not_cut(
    program: Program, shop: Shop, columns: int, invoice: str
) -> None:
    shop.change(shop.started("99999999.99"), invoice_id=invoice)
    _, shown = program.on_terminal("payments", columns=columns)
    for text in (
        invoice,
        "9,99,99,999.99",
        "pending",
        f"{utcnow().astimezone(DHAKA):%Y-%m-%d %H:}",
    ):
        assert text in without_colour(shown)


@pytest.mark.thorough
@on_sqlite
def test_a_pipe_gets_no_colour_and_no_cut(program: Program, shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, customer_reference="a" * 200, reason="b" * 300, status="flagged")
    program.environ["FORCE_COLOR"] = "1"
    for args in (("payments",), ("show", payment.id)):
        _, out, _ = program.run(*args)
        assert "\x1b" not in out
        (line,) = [line for line in out.splitlines() if "a" * 200 in line]
        assert "…" not in out
        assert any("b" * 300 in line for line in out.splitlines())
    assert payment.invoice_id in out
    assert line


@pytest.mark.thorough
@on_sqlite
def test_show_and_doctor_fit_a_terminal(program: Program, shop: Shop) -> None:
    payment = flagged(shop)
    for args in (("show", payment.id), ("doctor",)):
        _, shown = program.on_terminal(*args)
        assert max(map(len, without_colour(shown).splitlines())) <= 80
        assert "\x1b[" in shown


@pytest.mark.thorough
@on_sqlite
def test_reconcile_shows_a_bar_on_a_terminal(program: Program, shop: Shop) -> None:
    due(shop, 3)
    shop.gateway.fault("latency", "verify", times=3, seconds=0.3)
    code, shown = program.on_terminal("reconcile", "--concurrency", 1)
    assert code == 0
    assert "Verifying" in shown
    assert "━" in shown
    assert "3/3" in without_colour(shown) or "2/3" in without_colour(shown)
    assert "Payments looked at: 3, changed: 3" in without_colour(shown)


@pytest.mark.thorough
@pytest.mark.parametrize("concurrency", [1, 4])
def test_ctrl_c_stops_the_sweep_with_nothing_half_done(
    program: Program, shop: Shop, concurrency: int
) -> None:
    payments = due(shop, 40)
    before = len(shop.gateway.requests)
    shop.gateway.fault("latency", "verify", times=None, seconds=1)
    with program.start("reconcile", "--json", "--concurrency", concurrency) as process:
        wait_for(lambda: len(shop.gateway.requests) > before + concurrency)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert re.fullmatch(r"Stopped: \d+ payments were looked at, none by half; .*\n", err), err
    done = [payment for payment in shop.payments() if payment.is_paid]
    assert 0 < len(done) < len(payments)
    assert len(shop.ledger()) == len(done)
