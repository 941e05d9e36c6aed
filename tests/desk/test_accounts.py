"""The desk of a shop with several merchant accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

pytest.importorskip("flask_admin", reason="needs Flask-Admin")

from flask_bdquickpay import MerchantAccount

from ..branches import ACCOUNTS, make_branches
from ..payments.test_statement import line
from ..shop import NewShop, Shop
from .test_books import csv_of, days, entries, upload
from .visits import PAYMENTS, URL, exported, listed, open_desk, paid, put


@pytest.fixture
def branches(new_shop: NewShop) -> Shop:
    return make_branches(new_shop)


@pytest.fixture
def made(branches: Shop) -> dict[str, int]:
    """A payment of each account."""
    return {name: put(branches, account=name) for name in ("", "dhaka", "sylhet")}


def test_shop_with_one_account_sees_nothing_of_it(shop: Shop, desk: FlaskClient) -> None:
    payment = put(shop)
    for address in (PAYMENTS, f"{PAYMENTS}/{payment}"):
        assert "Account" not in desk.get(address).text


@pytest.mark.parametrize(
    ("chosen", "names"),
    [("", ["", "dhaka", "sylhet"]), ("dhaka", ["dhaka"]), ("_", [""]), ("nobody", [])],
)
def test_list_is_narrowed_to_an_account(
    branches: Shop, made: dict[str, int], chosen: str, names: list[str]
) -> None:
    page = open_desk(branches).get(PAYMENTS, query_string={"account": chosen})
    assert page.status_code == 200
    assert set(listed(page)) == {made[name] for name in names}


def test_list_says_whose_each_payment_is(branches: Shop, made: dict[str, int]) -> None:
    client = open_desk(branches)
    page = client.get(PAYMENTS, query_string={"account": "dhaka"}).text
    assert '<th scope="col" class="wide">Account</th>' in page
    assert '<td class="wide">dhaka</td>' in page
    assert '<td class="wide">sylhet</td>' not in page
    assert '<option value="dhaka" selected>' in page
    assert '<td class="wide">Plain</td>' in client.get(PAYMENTS).text


def test_pages_and_the_csv_keep_the_account(branches: Shop, made: dict[str, int]) -> None:
    client = open_desk(branches)
    page = client.get(PAYMENTS, query_string={"account": "dhaka"}).text
    assert f"{URL}/payments.csv?account=dhaka" in page
    lines = client.get(f"{PAYMENTS}.csv", query_string={"account": "dhaka"}).text.splitlines()
    assert len(lines) == 2
    assert lines[1].split(",")[0] == str(made["dhaka"])
    assert ",dhaka," in lines[1]


def test_page_of_a_payment_names_its_account(branches: Shop, made: dict[str, int]) -> None:
    client = open_desk(branches)
    assert "<dd>dhaka</dd>" in client.get(f"{PAYMENTS}/{made['dhaka']}").text


def test_payment_of_an_account_that_is_gone_can_be_seen(
    new_shop: NewShop, branches: Shop, made: dict[str, int]
) -> None:
    client = open_desk(new_shop())
    assert len(listed(client.get(PAYMENTS))) == 3
    page = client.get(f"{PAYMENTS}/{made['dhaka']}")
    assert "<dd>dhaka</dd>" in page.text
    assert "Account" not in client.get(PAYMENTS).text


def test_accounts_of_a_loader_are_named_by_hand(new_shop: NewShop) -> None:
    shop = new_shop()
    shop.bdquickpay.account_loader(lambda name: MerchantAccount(**ACCOUNTS[name]))
    dhaka, _ = put(shop, account="dhaka"), put(shop)
    client = open_desk(shop)
    assert '<input autocomplete="off" id="account"' in client.get(PAYMENTS).text
    assert listed(client.get(PAYMENTS, query_string={"account": "dhaka"})) == [dhaka]
    wrong = client.get(PAYMENTS, query_string={"account": "d" * 41})
    assert wrong.status_code == 400


def test_keys_are_on_no_page(branches: Shop, made: dict[str, int]) -> None:
    client = open_desk(branches)
    pages = [URL + "/", PAYMENTS, f"{PAYMENTS}/{made['dhaka']}", f"{PAYMENTS}.csv"]
    assert "canary" not in "".join(client.get(page).text for page in pages)


# The books


def test_ledger_is_of_one_account_or_of_all(branches: Shop) -> None:
    made = {name: paid(branches, account=name) for name in ("", "dhaka", "sylhet")}
    client = open_desk(branches)
    for chosen, names in {"": ["", "dhaka", "sylhet"], "dhaka": ["dhaka"], "_": [""]}.items():
        wanted = days(branches) | {"account": chosen}
        page = client.get(f"{URL}/books", query_string=wanted)
        assert f'<th scope="row">Payments</th><td class="number">{len(names)}</td>' in page.text
        rows = exported(client.get(f"{URL}/books/ledger.csv", query_string=wanted))
        assert {row["account"] for row in rows} == set(names)
        assert {row["payment_id"] for row in rows} == {str(made[name]) for name in names}
    odd = days(branches) | {"account": 'বাংলা"'}
    assert exported(client.get(f"{URL}/books/ledger.csv", query_string=odd)) == []


def test_periods_keep_the_account(branches: Shop) -> None:
    wanted = days(branches) | {"account": "dhaka"}
    text = open_desk(branches).get(f"{URL}/books", query_string=wanted).text
    assert text.count("account=dhaka") == 6  # two periods, two downloads, two languages
    assert '<select id="account"' in text
    assert '<select id="of_account"' in text


def test_statement_is_that_of_one_account(branches: Shop) -> None:
    for name in ("dhaka", "sylhet"):
        paid(branches, account=name, trx_id=f"TRX{name}", received_amount=500)
    (dhaka, sylhet) = branches.payments()
    branches.change(sylhet, verified_at=dhaka.verified_at - timedelta(seconds=1))
    client, content = open_desk(branches), csv_of(line(dhaka))
    assert entries(upload(client, content)) == ["Paid here, not in the statement"]
    of_one = upload(client, content, account="dhaka")
    assert "The statement and the books agree" in of_one.text
    assert 'name="account" value="dhaka"' in of_one.text
