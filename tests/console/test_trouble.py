"""Whatever goes wrong is one line with its exit code; the help teaches by examples."""

from __future__ import annotations

import pytest

from flask_bdquickpay.console.everything import commands

from ..databases import on_sqlite
from ..shop import NewShop, Shop
from .commandline import flagged, run


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
    expected = (
        "announce deliver doctor erase ledger link metrics payments prune reconcile record-refund "
        "refunds resolve sandbox show statement verify void-refund"
    )
    assert sorted(commands.commands) == expected.split()


@on_sqlite
def test_help_says_which_times_are_meant(shop: Shop) -> None:
    words = " ".join(run(shop, "payments", "--help").stdout.split())
    assert "a day in Bangladesh, or an ISO time" in words
    assert "taken as Dhaka's unless it carries an offset" in words
