"""What is printed for programs: alone on stdout, in UTF-8, wherever the command line runs."""

from __future__ import annotations

import csv
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from ..shop import Shop

NewShop = Callable[..., Shop]
pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
FOR_PROGRAMS = [
    "payments --json",
    "payments --csv",
    "show 1 --json",
    "verify 1 --json",
    "resolve 2 --reject --note why --json",
    "reconcile --json",
    "deliver --json",
    "doctor --json",
]


@pytest.fixture
def open_shop(shop: Shop) -> Iterator[Shop]:
    """A shop with a pending and a flagged payment, whose app context is open, as in an `app`
    fixture."""
    shop.started()
    shop.change(shop.started(), status="flagged")
    with shop.app.app_context():
        yield shop


@pytest.mark.parametrize("command", FOR_PROGRAMS)
def test_what_is_for_programs_is_printed_in_an_open_app_context(
    open_shop: Shop, command: str
) -> None:
    result = open_shop.app.test_cli_runner().invoke(args=["bdquickpay", *command.split()])
    assert result.stdout, result.output
    if "--csv" in command:
        assert [row["id"] for row in csv.DictReader(io.StringIO(result.stdout))] == ["2", "1"]
    else:
        assert json.loads(result.stdout)


def as_group(shop: Shop, *args: str) -> Any:
    """Run as the program `flask` does, which enters the app before it knows the command."""
    group = FlaskGroup(create_app=lambda: shop.app, add_default_commands=False)
    return CliRunner().invoke(group, ["bdquickpay", *args])


def test_the_program_flask_prints_in_an_open_app_context(open_shop: Shop) -> None:
    assert len(json.loads(as_group(open_shop, "payments", "--json").stdout)) == 2


class Noise:
    """A log handler on whatever stdout is when a command begins, and a shop that logs as its app
    is left."""

    def __init__(self, shop: Shop) -> None:
        self.handler: logging.StreamHandler[Any] | None = None
        shop.bdquickpay.order_loader(lambda _reference: None)
        shop.app.teardown_appcontext(self.left)
        self._logger = logging.getLogger("tests.noise")

    def begin(self) -> None:
        self.handler = logging.StreamHandler(sys.stdout)
        self._logger.addHandler(self.handler)

    def left(self, _error: BaseException | None) -> None:
        if self.handler is not None:
            print("left")  # noqa: T201
            self._logger.error("left, too")

    def end(self) -> None:
        assert self.handler is not None
        self._logger.removeHandler(self.handler)


@pytest.mark.parametrize("as_program", [True, False])
def test_what_leaving_the_app_prints_is_kept_off_stdout(shop: Shop, as_program: bool) -> None:
    noise = Noise(shop)

    def create() -> Flask:
        noise.begin()
        return shop.app

    if as_program:
        group: click.Group = FlaskGroup(create_app=create, add_default_commands=False)
        result = CliRunner().invoke(group, ["bdquickpay", "payments", "--json"])
    else:
        info = ScriptInfo(create_app=create)
        result = CliRunner().invoke(shop.app.cli, ["bdquickpay", "payments", "--json"], obj=info)
    noise.end()
    assert json.loads(result.stdout) == []
    assert "left\nleft, too\n" in result.stderr


@pytest.mark.parametrize("open_context", [True, False])
def test_stdout_and_the_log_are_given_back(
    shop: Shop, open_context: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that runs a command itself, without click's test runner."""
    handler, before = logging.StreamHandler(sys.stdout), sys.stdout
    logging.getLogger("tests.noise").addHandler(handler)
    info = ScriptInfo(create_app=lambda: shop.app)
    with shop.app.app_context() if open_context else nullcontext():
        shop.app.cli.main(["bdquickpay", "payments", "--json"], standalone_mode=False, obj=info)
        given_back = (sys.stdout, handler.stream)
    logging.getLogger("tests.noise").removeHandler(handler)
    assert given_back == (before, before)
    assert capsys.readouterr().out == "[]\n"


# UTF-8


@pytest.mark.parametrize("charset", ["cp1252", "ascii", "utf-16"])
def test_csv_is_utf_8_whatever_the_terminal_says(shop: Shop, charset: str) -> None:
    shop.change(shop.started(), customer_reference="বই-৭")
    runner = shop.app.test_cli_runner(charset=charset)
    result = runner.invoke(args=["bdquickpay", "payments", "--csv"])
    assert result.exit_code == 0
    (row,) = csv.DictReader(io.StringIO(result.stdout_bytes.decode("utf-8")))
    assert row["customer_reference"] == "বই-৭"


def test_a_table_loses_nothing_where_a_terminal_cannot_show_it(shop: Shop) -> None:
    shop.change(shop.started(), customer_reference="বই-৭")
    result = shop.app.test_cli_runner(charset="cp1252").invoke(args=["bdquickpay", "payments"])
    assert result.exit_code == 0
    assert r"\u09ac\u0987-\u09ed" in result.stdout


def test_json_stays_plain_ascii(shop: Shop) -> None:
    shop.change(shop.started(), customer_reference="বই-৭")
    runner = shop.app.test_cli_runner(charset="cp1252")
    result = runner.invoke(args=["bdquickpay", "payments", "--json"])
    assert json.loads(result.stdout_bytes)[0]["customer_reference"] == "বই-৭"
