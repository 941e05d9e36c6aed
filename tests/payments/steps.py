"""The steps of a shop as a stream of real events, at each of which a test may end it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from flask_bdquickpay import payment_changed

from ..shop import SIGNALS, Shop

#: Called with the name of the step that is about to be taken.
Step = Callable[[str], None]
#: Statements that touch no data; the last is asked once in a process.
_SETTINGS = ("PRAGMA", "SET ", "SELECT @@", "SELECT table_name FROM information_schema")


def watch(shop: Shop, step: Step) -> None:
    """Call `step` at each statement, COMMIT, gateway call and signal receiver.

    Before and after each, but only before a statement: its end is the moment before what follows
    it, the next statement or the COMMIT, and a statement alone changes nothing that lasts.
    """
    with shop.app.app_context():
        engine = shop.db.engine
    _watch_statements(engine, step)
    _around(engine.dialect, "do_commit", "COMMIT", step)
    client = shop.app.extensions["bdquickpay"].client
    _around(client, "create_payment", "gateway create", step)
    _around(client, "verify_payment", "gateway verify", step)
    for name, signal in (SIGNALS | {"changed": payment_changed}).items():
        _watch_receivers(shop, signal, f"receiver of {name}", step)


def _watch_statements(engine: sa.Engine, step: Step) -> None:
    def before(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(_SETTINGS):
            step(f"before {_brief(statement)}")

    sa.event.listen(engine, "before_cursor_execute", before)


def _brief(statement: str) -> str:
    return " ".join(statement.split())[:40]


def _around(owner: Any, method: str, name: str, step: Step) -> None:
    setattr(owner, method, _stepping(getattr(owner, method), name, step))


def _stepping(function: Callable[..., Any], name: str, step: Step) -> Callable[..., Any]:
    @functools.wraps(function)
    def stepping(*args: Any, **options: Any) -> Any:
        step(f"before {name}")
        result = function(*args, **options)
        step(f"after {name}")
        return result

    return stepping


def _watch_receivers(shop: Shop, signal: Any, name: str, step: Step) -> None:
    for receiver in list(signal.receivers_for(shop.app)):
        signal.disconnect(receiver, shop.app)
        stepping = _stepping(receiver, name, step)
        shop.receivers.append(stepping)
        signal.connect(stepping, sender=shop.app)
