"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from flask_bdquickpay import payment_changed, payment_paid
from flask_bdquickpay.console import commands
from flask_bdquickpay.payments.clock import utcnow

from ..shop import KEYS, Shop

ROOT = Path(__file__).parents[2]
#: Where the kind of database makes no difference.
on_sqlite = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
NewShop = Callable[..., Shop]


def run(shop: Shop, *args: object) -> Any:
    """Run a command; whatever it prints, it is neither a traceback nor a key."""
    arguments = ["bdquickpay", *map(str, args)]
    result = shop.app.test_cli_runner().invoke(args=arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert not any(key in result.output for key in KEYS.values())
    return result


def listed(shop: Shop, *args: object) -> list[dict[str, Any]]:
    """What `payments --json` prints."""
    result = run(shop, "payments", "--json", *args)
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def ids(shop: Shop, *args: object) -> list[int]:
    return [payment["id"] for payment in listed(shop, *args)]


def flagged(shop: Shop) -> Any:
    """A payment of which less was paid than was asked for."""
    payment = shop.started()
    shop.gateway.pay(payment, amount=450, completes=True, webhook=False)
    assert run(shop, "verify", payment.invoice_id).exit_code == 0
    return shop.payment(payment)


# payments


def test_payments_are_listed_the_newest_first(shop: Shop) -> None:
    first, second = shop.started(), shop.started("1250.50")
    rows = run(shop, "payments").stdout.splitlines()
    assert rows[0].split()[:5] == ["ID", "Invoice", "Order", "BDT", "Status"]
    assert rows[1].split()[:5] == ["2", second.invoice_id, "2", "1250.50", "pending"]
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
        ("--since", "2026-03-21T06:00+06:00", [3, 2]),
        ("--since", "2026-03-21T23:59:59z", []),
        ("--until", "2026-03-21", [3, 2, 1]),
        ("--until", "2026-03-20", [1]),
        ("--until", "2026-03-21T00:00", [1]),
        ("--until", "2026-03-21T12:00:01", [3, 2, 1]),
    ],
)
def test_times_are_utc_unless_they_say_otherwise(
    shop: Shop, option: str, value: str, found: list[int]
) -> None:
    moments = ("2026-03-20T23:59:59", "2026-03-21T00:00:00", "2026-03-21T12:00:00")
    for moment in moments:
        created_at = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
        shop.change(shop.started(), created_at=created_at)
    assert ids(shop, option, value) == found


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


@on_sqlite
@pytest.mark.parametrize(
    "args",
    [
        ("payments", "--json", "--csv"),
        ("payments", "--status", "paid"),
        ("payments", "--since", "yesterday"),
        ("payments", "--since", "2026-02-30"),
        ("payments", "--until", "9999-12-31"),
        ("payments", "--since", "0001-01-01T00:00+06:00"),
        ("payments", "--since", "2026-03-22", "--until", "2026-03-21"),
        ("payments", "--limit", "0"),
        ("show",),
        ("verify",),
        ("verify", "one", "two"),
        ("resolve", "1", "--note", "neither accepted nor rejected"),
        ("resolve", "1", "--accept"),
        ("resolve", "1", "--accept", "--note", " "),
        ("resolve", "1", "--accept", "--note", "why", "--by", ""),
        ("resolve", "1", "--accept", "--note", "why", "--by", "x" * 256),
        ("reconcile", "--limit", "-1"),
        ("reconcile", "--concurrency", "0"),
        ("deliver", "--limit", "many"),
        ("sandbox", "--host", "0.0.0.0"),
        ("sandbox", "--port", "65536"),
        ("sandbox", "--public-url", "http://tunnel.example.com"),
        ("no-such-command",),
    ],
)
def test_wrong_usage_has_exit_code_2(shop: Shop, args: tuple[str, ...]) -> None:
    result = run(shop, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


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
    assert re.search(r"Payment 1 +500\.00 BDT +completed", text)
    assert re.search(r"Transaction +" + shop.payment(payment).trx_id, text)
    assert re.search(r"checkout +created > pending", text)
    assert re.search(r"cli +pending > flagged +the gateway said completed; amount mismatch", text)
    assert re.search(r"cli +flagged > completed +seen at the bank; by Ayesha", text)
    (found,) = json.loads(run(shop, "show", payment.invoice_id, "--json").stdout)
    assert [event["new_status"] for event in found["events"]] == ["pending", "flagged", "completed"]
    assert found["events"][1]["gateway_answer"]["transaction"]["amount"] == "450"
    assert found["payment_metadata"] == {"order_id": 1}


@on_sqlite
def test_a_flagged_payment_says_how_to_decide(shop: Shop) -> None:
    payment = flagged(shop)
    assert f"flask bdquickpay resolve {payment.id} " in run(shop, "show", payment.id).stdout


@on_sqlite
@pytest.mark.parametrize("key", ["nothing", "99", "9" * 30, "x" * 500, "৪২", "1' OR '1'='1", ""])
def test_what_is_not_there_has_exit_code_1(shop: Shop, key: str) -> None:
    shop.started()
    for command in (["show"], ["verify"], ["resolve", "--accept", "--note", "why"]):
        result = run(shop, *command, key)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "There is no payment" in result.stderr


@on_sqlite
def test_text_of_others_cannot_command_the_terminal(shop: Shop) -> None:
    text = "[red]\x1b[2J\n\u202eevil\x07 ক্ষ"
    shop.change(shop.started(), customer_reference=text, reason=text)
    for args in (("payments",), ("show", "1")):
        shown = run(shop, *args).stdout
        assert r"[red]\x1b[2J \u202eevil\x07 ক্ষ" in shown
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)


# verify


def test_verify_asks_the_gateway_and_applies_its_answer(shop: Shop) -> None:
    payment = shop.started()
    result = run(shop, "verify", payment.invoice_id)
    assert (result.exit_code, result.stdout) == (
        0,
        f"Payment 1 ({payment.invoice_id}) is pending, as before.\n",
    )
    shop.gateway.pay(payment, webhook=False)
    result = run(shop, "verify", payment.id)
    assert result.stdout == f"Payment 1 ({payment.invoice_id}) is completed; it was pending.\n"
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert [event.source for event in shop.events(payment)] == ["checkout", "cli", "cli"]
    assert shop.events(payment)[-1].actor


@on_sqlite
def test_verify_prints_json(shop: Shop) -> None:
    payment = shop.started()
    found = json.loads(run(shop, "verify", payment.id, "--json").stdout)
    assert (found["id"], found["status"]) == (payment.id, "pending")


@on_sqlite
def test_nobody_is_asked_about_a_completed_payment(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    run(shop, "verify", payment.id)
    shop.gateway.fault("500", times=None)
    assert run(shop, "verify", payment.id).exit_code == 0


@on_sqlite
def test_a_payment_that_could_not_be_verified_has_exit_code_1(shop: Shop) -> None:
    payment = shop.started()
    shop.gateway.fault("html", times=None)
    result = run(shop, "verify", payment.id)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: Could not be verified: ")
    assert result.stderr.endswith(f"Payment {payment.id} stays pending.\n")
    assert len(result.stderr.splitlines()) == 1


@on_sqlite
def test_a_payment_that_the_gateway_never_named_cannot_be_verified_yet(shop: Shop) -> None:
    payment = shop.started()
    shop.change(payment, status="created", invoice_id=None, created_at=utcnow())
    result = run(shop, "verify", payment.id)
    assert result.exit_code == 1
    assert "ask again in some seconds" in result.stderr
    shop.change(payment, created_at=utcnow() - timedelta(minutes=1))
    result = run(shop, "verify", payment.id)
    assert result.exit_code == 0
    assert result.stdout.startswith("Payment 1 is failed; it was created. Reason: the gateway's")


@on_sqlite
def test_a_receiver_that_raises_is_told(shop: Shop) -> None:
    def broken(app: Flask, **_: Any) -> None:
        raise ValueError("no stock")

    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    with payment_paid.connected_to(broken, sender=shop.app):
        result = run(shop, "verify", payment.id)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Nothing was changed: one of the shop's signal receivers raised "
        "ValueError: no stock\n"
    )
    assert shop.payment(payment).status == "pending"


# resolve


def test_accepting_completes_a_flagged_payment(shop: Shop) -> None:
    payment = flagged(shop)
    result = run(shop, "resolve", payment.invoice_id, "--accept", "--note", "ok", "--by", "Ayesha")
    assert result.exit_code == 0
    assert f"({payment.invoice_id}) is completed; it was flagged." in result.stdout
    assert shop.ledger() == [(payment.id, payment.customer_reference)]
    assert shop.payment(payment).resolved_by == "Ayesha"
    event = shop.events(payment)[-1]
    assert (event.source, event.note, event.actor) == ("cli", "ok", "Ayesha")


def test_rejecting_fails_it_for_good(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "karim")
    payment = flagged(shop)
    result = run(shop, "resolve", payment.id, "--reject", "--note", "refunded", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["status"] == "failed"
    assert shop.ledger() == []
    assert shop.payment(payment).resolved_by == "karim"


@on_sqlite
def test_only_a_flagged_payment_is_resolved(shop: Shop) -> None:
    payment = shop.started()
    result = run(shop, "resolve", payment.id, "--accept", "--note", "why")
    assert result.exit_code == 1
    assert result.stderr == "Error: Payment 1 is pending; only a flagged one is resolved.\n"


@on_sqlite
def test_a_paid_order_is_not_paid_again(shop: Shop) -> None:
    payment = flagged(shop)
    shop.change(payment, order_key=None)
    assert shop.click(payment.customer_reference).status_code == 303
    other = shop.payments()[-1]
    shop.gateway.pay(other, webhook=False)
    run(shop, "verify", other.id)
    result = run(shop, "resolve", payment.id, "--accept", "--note", "why")
    assert result.exit_code == 1
    assert "already paid by payment 2" in result.stderr
    assert shop.payment(payment).status == "flagged"


@on_sqlite
def test_a_user_without_a_name_is_named_by_number(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    payment = flagged(shop)
    monkeypatch.setattr("getpass.getuser", nameless)
    run(shop, "resolve", payment.id, "--accept", "--note", "why")
    assert shop.payment(payment).resolved_by == f"uid {os.getuid()}"


# reconcile, deliver


def due(shop: Shop, count: int) -> list[Any]:
    payments = [shop.started() for _ in range(count)]
    for payment in payments:
        shop.gateway.pay(payment, webhook=False)
        shop.change(payment, check_after=utcnow() - timedelta(minutes=1))
    return payments


def test_reconcile_verifies_what_is_due(shop: Shop) -> None:
    due(shop, 3)
    result = run(shop, "reconcile", "--limit", 2, "--concurrency", 1)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Payments looked at: 2, changed: 2, not verified: 0.")
    assert len(shop.ledger()) == 2


def test_reconcile_prints_json(shop: Shop) -> None:
    due(shop, 3)
    result = run(shop, "reconcile", "--json")
    report = json.loads(result.stdout)
    assert (report["checked"], report["changed"], report["errors"]) == (3, 3, 0)
    assert set(report) == {"checked", "changed", "errors", "delivered"}


def test_a_sweep_that_could_not_verify_has_exit_code_1(shop: Shop) -> None:
    due(shop, 2)
    shop.gateway.fault("html", times=1)
    result = run(shop, "reconcile", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["errors"] == 1
    assert len(shop.ledger()) == 1


def test_deliver_empties_the_outbox(new_shop: NewShop) -> None:
    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    for _ in range(3):
        shop.started()
    assert run(shop, "deliver", "--limit", 2).stdout == "Events delivered: 2.\n"
    assert json.loads(run(shop, "deliver", "--json").stdout) == {"delivered": 1}
    assert len(shop.changed) == 3


@on_sqlite
def test_deliver_says_what_was_not_delivered(new_shop: NewShop) -> None:
    def broken(app: Flask, **_: Any) -> None:
        raise RuntimeError("no mail today")

    shop = new_shop(BDQUICKPAY_DELIVERY="deferred")
    with payment_changed.connected_to(broken, sender=shop.app):
        shop.started()
        result = shop.app.test_cli_runner().invoke(args=["bdquickpay", "deliver", "--json"])
    assert json.loads(result.stdout) == {"delivered": 0}
    assert "Not delivered yet: event 1 (attempts: 1): RuntimeError: no mail" in result.stderr


# What goes wrong


@on_sqlite
@pytest.mark.parametrize(
    "args",
    [("payments",), ("payments", "--csv"), ("show", "1"), ("verify", "1"), ("reconcile",)],
)
def test_a_database_without_tables_is_one_line(shop: Shop, args: tuple[str, ...]) -> None:
    with shop.app.app_context():
        shop.db.drop_all()
    result = run(shop, *args)
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: The database: no such table: bdquickpay_payment "
        "('flask bdquickpay doctor' looks for the cause.)\n",
    )


@on_sqlite
def test_missing_keys_are_one_line(new_shop: NewShop) -> None:
    shop = new_shop()
    payment = shop.started()
    keyless = new_shop(BDQUICKPAY_APP_KEY="")
    result = run(keyless, "verify", payment.id)
    assert result.exit_code == 1
    assert "set BDQUICKPAY_APP_KEY and BDQUICKPAY_SECRET_KEY" in result.stderr
    assert "Error: " in result.stderr.splitlines()[-1]


@on_sqlite
def test_no_command_shows_a_token(shop: Shop) -> None:
    payment = flagged(shop)
    commands_run = (
        ("payments",),
        ("payments", "--json"),
        ("payments", "--csv"),
        ("show", payment.id),
        ("show", payment.id, "--json"),
        ("verify", payment.id),
        ("reconcile",),
    )
    for args in commands_run:
        assert payment.token not in run(shop, *args).output


@on_sqlite
@pytest.mark.parametrize("name", sorted(commands.commands))
def test_help_teaches_by_examples(shop: Shop, name: str) -> None:
    result = run(shop, name, "--help")
    assert result.exit_code == 0
    assert f"Example{'s' if 'Examples' in result.stdout else ''}:" in result.stdout
    assert f"flask bdquickpay {name}" in result.stdout


def test_every_command_of_the_contract_is_there() -> None:
    expected = "deliver doctor payments reconcile resolve sandbox show verify"
    assert sorted(commands.commands) == expected.split()


@on_sqlite
def test_help_says_which_times_are_meant(shop: Shop) -> None:
    words = " ".join(run(shop, "payments", "--help").stdout.split())
    assert "taken as UTC unless it carries an offset" in words


# As programs of their own

APP = """
import logging, os, sys
from types import SimpleNamespace
from tests.shop import make_shop

gateway = SimpleNamespace(base_url=os.environ["TEST_GATEWAY"])
shop = make_shop(os.environ["TEST_DATABASE"], gateway)
app = shop.app
if "TEST_NOISE" in os.environ:
    logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
    with app.app_context():
        shop.db.engine.echo = True
"""


class Program:
    """`flask --app … bdquickpay …` as a process, on the database and gateway of a shop."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        (folder / "program.py").write_text(APP)
        self.environ = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
            "PYTHONWARNINGS": "ignore",
            "TEST_GATEWAY": shop.server.base_url,
            "TEST_DATABASE": shop.app.config["SQLALCHEMY_DATABASE_URI"],
            "TERM": "xterm-256color",
        }
        for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "FLASK_DEBUG"):
            self.environ.pop(name, None)
        self.folder = folder

    def start(self, *args: object, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "flask", "--app", "program", "bdquickpay"]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen(
            [*command, *map(str, args)],
            cwd=self.folder,
            env=self.environ,
            text=True,
            **streams,
        )

    def run(self, *args: object) -> tuple[int, str, str]:
        with self.start(*args) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def on_terminal(self, *args: object, columns: int = 80) -> tuple[int, str]:
        """Run on a pseudo-terminal; return the exit code and all that it showed."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with self.start(*args, stdin=slave, stdout=slave, stderr=slave) as process:
            os.close(slave)
            shown = b"".join(_until_closed(master))
        os.close(master)
        return process.returncode, shown.decode()


def _until_closed(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # how Linux says that nobody has the terminal any more
            return
        if not chunk:
            return
        yield chunk


@pytest.fixture
def program(shop: Shop, tmp_path: Path) -> Program:
    return Program(tmp_path, shop)


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_the_real_program_prints_json(program: Program, shop: Shop) -> None:
    payment = shop.started()
    code, out, err = program.run("payments", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)[0]["invoice_id"] == payment.invoice_id


@on_sqlite
@pytest.mark.parametrize("command", ["show 1", "verify 1", "reconcile", "deliver", "doctor"])
def test_only_the_json_is_on_stdout(program: Program, shop: Shop, command: str) -> None:
    due(shop, 1)
    program.environ["TEST_NOISE"] = "1"
    _, out, err = program.run(*command.split(), "--json")
    assert json.loads(out)
    assert "SELECT" in err
    assert "ROLLBACK" in err


@on_sqlite
def test_only_the_csv_is_on_stdout(program: Program, shop: Shop) -> None:
    payment = shop.started()
    program.environ["TEST_NOISE"] = "1"
    _, out, err = program.run("payments", "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["invoice_id"] == payment.invoice_id
    assert "SELECT" in err


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


@on_sqlite
@pytest.mark.parametrize(("columns", "invoice"), [(40, "A" * 20), (80, "B" * 128)])
def test_what_does_not_fit_is_not_cut(
    program: Program, shop: Shop, columns: int, invoice: str
) -> None:
    shop.change(shop.started("99999999.99"), invoice_id=invoice)
    _, shown = program.on_terminal("payments", columns=columns)
    for text in (invoice, "99999999.99", "pending", f"{utcnow():%Y-%m-%d %H:}"):
        assert text in without_colour(shown)


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


@on_sqlite
def test_show_and_doctor_fit_a_terminal(program: Program, shop: Shop) -> None:
    payment = flagged(shop)
    for args in (("show", payment.id), ("doctor",)):
        _, shown = program.on_terminal(*args)
        assert max(map(len, without_colour(shown).splitlines())) <= 80
        assert "\x1b[" in shown


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


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


# sandbox


@contextmanager
def sandbox(program: Program, *args: object) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the sandbox; yield its process and the lines that it printed first."""
    with program.start("sandbox", "--port", 0, *args) as process:
        assert process.stdout is not None
        lines = []
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line, process.communicate()
            lines.append(line)
        try:
            yield process, lines
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def settings_in(lines: list[str]) -> dict[str, str]:
    found = re.findall(r'^  (BDQUICKPAY_\w+) = "(.+)"$', "".join(lines), re.MULTILINE)
    return dict(found)


@on_sqlite
def test_the_sandbox_prints_settings_that_work(program: Program, new_shop: NewShop) -> None:
    with sandbox(program) as (process, lines):
        shop = new_shop(**settings_in(lines))
        payment = shop.started()
        assert requests.get(payment.payment_url, timeout=10).status_code == 200
        assert lines[0] == "SANDBOX: no real money moves.\n"
    assert process.returncode == 0


@on_sqlite
def test_the_sandbox_keeps_its_state_in_a_file(
    program: Program, new_shop: NewShop, tmp_path: Path
) -> None:
    state = tmp_path / "state.sqlite3"
    with sandbox(program, "--state", state) as (_, lines):
        payment = new_shop(**settings_in(lines)).started()
    with sandbox(program, "--state", state) as (_, lines):
        shop = new_shop(**settings_in(lines))
        assert run(shop, "verify", payment.id).exit_code == 0


@on_sqlite
def test_a_port_that_is_taken_is_one_line(program: Program, shop: Shop) -> None:
    code, out, err = program.run("sandbox", "--port", shop.server.port)
    assert (code, out) == (1, "")
    assert "Choose another port" in err
    assert len(err.splitlines()) == 1


@on_sqlite
def test_the_sandbox_lets_others_in_when_told(program: Program) -> None:
    with sandbox(program, "--host", "0.0.0.0", "--allow-remote") as (_, lines):
        assert "http://127.0.0.1:" in "".join(lines)


@on_sqlite
def test_the_sandbox_behind_a_tunnel_names_the_host_to_trust(
    program: Program, new_shop: NewShop
) -> None:
    with sandbox(program, "--public-url", "https://tunnel.example.com") as (_, lines):
        assert '  BDQUICKPAY_PAYMENT_HOSTS = ["tunnel.example.com"]\n' in lines
        shop = new_shop(**settings_in(lines), BDQUICKPAY_PAYMENT_HOSTS=["tunnel.example.com"])
        assert shop.started().payment_url.startswith("https://tunnel.example.com/")
