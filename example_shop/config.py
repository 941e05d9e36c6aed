"""The settings: good for trying out, and real ones from the environment.

| variable | meaning |
|---|---|
| `DATABASE_URL` | `postgresql://user:password@host/shop`; else SQLite in the instance folder |
| `FLASK_BDQUICKPAY_APP_KEY`, `FLASK_BDQUICKPAY_SECRET_KEY` | real keys; without them the sandbox |
| `FLASK_BDQUICKPAY_PUBLIC_URL` | such as `https://shop.example.com`; real keys and mails need it |
| `FLASK_BDQUICKPAY_ACCOUNTS__sylhet__app_key`, `…__secret_key` | those of the branch in Sylhet |
| `FLASK_CELERY_BROKER_URL` | such as `redis://localhost/0`: workers sweep and write the mails |
| `FLASK_…` | any other setting, such as `FLASK_SESSION_COOKIE_SECURE=true` behind HTTPS |
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask

from .branches import SYLHET

#: Who is paid, and whom to ask: on the shop's pages and mails, and on those of the extension.
SHOP = {
    "name": "Shapla Store",
    "email": "shop@example.com",
    "whatsapp": "+880 1200-000000",  # with its country; no operator has 012
    "address": "1 Tea Garden Lane, Dhaka",
}


def configure(app: Flask, config: Mapping[str, Any]) -> None:
    """Fill `app.config`."""
    folder = Path(app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=_database_uri(),
        OUTBOX=str(folder / "outbox"),
        CELERY_BROKER_URL=None,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict would lose the cart on the way back from bKash
    )
    app.config.from_prefixed_env()
    app.config.update(config)
    real = app.config.get("BDQUICKPAY_APP_KEY") or app.config.get("BDQUICKPAY_SECRET_KEY")
    app.config.setdefault("BDQUICKPAY_SANDBOX", not real)
    app.config.setdefault("DEMO", app.config["BDQUICKPAY_SANDBOX"])
    if app.config["BDQUICKPAY_SANDBOX"]:
        app.config.setdefault("BDQUICKPAY_ACCOUNTS", {SYLHET: {}})
    app.config.setdefault("BDQUICKPAY_SHOP", SHOP)
    if app.config["CELERY_BROKER_URL"]:
        app.config.setdefault("BDQUICKPAY_DELIVERY", "deferred")
    app.config["SECRET_KEY"] = app.config["SECRET_KEY"] or _secret_key(folder)


def _database_uri() -> str:
    uri = os.environ.get("DATABASE_URL", "sqlite:///shop.sqlite3")
    scheme, _, rest = uri.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else uri


def _secret_key(folder: Path) -> str:
    """A key of this installation's own, the same for all processes; it signs carts and links."""
    file, draft = folder / "secret_key", folder / f"secret_key.{os.getpid()}"
    if not file.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process was first: its key counts
            os.link(draft, file)
        draft.unlink()
    return file.read_text()
