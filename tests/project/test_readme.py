"""The README is true: its app runs, its tables say what the code says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import flask_bdquickpay
from flask_bdquickpay.sandbox.server import SandboxServer
from flask_bdquickpay.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> dict[str, list[str]]:
    rows = [line.strip("|").split("|") for line in section(title).splitlines() if line[:2] == "| "]
    cells = [[cell.strip().strip("`") for cell in row] for row in rows]
    return {row[0]: row[1:] for row in cells[1:]}


def test_settings_table_is_the_settings_class() -> None:
    rows = table("Settings")
    assert list(rows) == [f"BDQUICKPAY_{name.upper()}" for name in Settings.__dataclass_fields__]
    defaults = Settings()
    for key, (default, _) in rows.items():
        value: Any = getattr(defaults, key.removeprefix("BDQUICKPAY_").lower())
        if default not in ("–", "host of the base URL", "from the request"):
            assert default in (repr(value), str(value), repr(value).replace("'", '"'))


def test_signal_table_is_complete() -> None:
    public = {name for name in flask_bdquickpay.__all__ if name.startswith("payment_")}
    assert set(table("What your shop hears")) == public


def test_links_and_pictures_exist() -> None:
    root = Path(__file__).parents[2]
    for target in re.findall(r'\]\((?!http)([^)#]+)\)|src="([^"]+)"', README):
        assert (root / (target[0] or target[1])).exists(), target


def press(client: FlaskClient, page: str) -> Any:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
    assert token is not None
    reference = page.rsplit("/", 1)[1]
    return client.post(f"/bdquickpay/checkout/{reference}", data={"csrf_token": token[1]})


def test_app_of_the_readme_sells(
    server: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        "SECRET_KEY": "readme",
        "BDQUICKPAY_APP_KEY": server.sandbox.app_key,
        "BDQUICKPAY_SECRET_KEY": "canary-secret-key",
        "BDQUICKPAY_BASE_URL": server.base_url,
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/shop.sqlite3",
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"FLASK_{name}", value)
    shop: dict[str, Any] = {"__name__": "readme_shop"}
    code = re.findall(r"```python\n(.*?)```", section("Ten lines to integrate"), re.DOTALL)
    exec(code[0], shop)
    app = shop["create_app"]()
    with app.app_context():
        shop["db"].session.add(shop["Order"](total=500))
        shop["db"].session.commit()
    client = app.test_client()
    assert press(client, "/orders/1").status_code == 303
    (payment,) = server.sandbox.payments
    server.sandbox.pay(payment, webhook=False)
    back = client.get(server.sandbox.return_url(server.sandbox.find(payment)))
    assert back.location == "/orders/1"
    assert client.get("/orders/1").text.strip() == "paid"
    flask_bdquickpay.payment_paid.disconnect(shop["fulfil"])  # it hears every app's payments
    with app.app_context():
        shop["db"].engine.dispose()
