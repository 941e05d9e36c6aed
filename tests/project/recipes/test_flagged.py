"""The recipe "A flagged payment"."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone

import pytest
from flask import Flask

from .bench import Bench, database, extension, lines, place, run, value, wait_for


class _Post(socketserver.StreamRequestHandler):
    """As much of SMTP as one mail needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            self.wfile.write(
                {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n")
            )
            if word == b"DATA":
                self._mail()
            if word == b"QUIT":
                return

    def _mail(self) -> None:
        stuffed = iter(self.rfile.readline, b".\r\n")
        mail = b"".join(line.removeprefix(b".") for line in stuffed)
        vars(self.server)["mails"].append(mail.decode())
        self.wfile.write(b"250 ok\r\n")


@contextmanager
def post_office() -> Iterator[tuple[str, list[str]]]:
    """A mail server on a loopback port: its address and the mails that it got."""
    mails: list[str] = []
    with socketserver.TCPServer(("127.0.0.1", 0), _Post) as server:
        vars(server)["mails"] = mails
        runner = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        runner.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", mails
        finally:
            server.shutdown()
            runner.join()


def flagged_shop(bench: Bench, mail_server: str) -> tuple[Flask, str]:
    bench.copy("A flagged payment")
    bench.load("alarm")
    shop = bench.load("shop")
    app = bench.app(shop)
    app.config["MAIL_SERVER"] = mail_server
    place(app, shop, "a1", "a2")
    with app.test_request_context():
        bench.gateway.pay(extension(app).start("a2"))
        payment = extension(app).start("a1")
        bench.gateway.pay(payment, amount=400, completes=True)
        return app, str(payment.invoice_id)


def test_flagged_payment_is_mailed_to_the_shop(bench: Bench) -> None:
    with post_office() as (address, mails):
        _, invoice = flagged_shop(bench, address)
        wait_for(lambda: mails)
        bench.close()
    (mail,) = mails
    assert f"Subject: Payment {invoice} waits for a decision" in mail
    assert "Order a1, 500.00 BDT:" in mail
    assert "400" in mail


def test_mail_is_tried_again(bench: Bench) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    app, _ = flagged_shop(bench, nobody)
    event = extension(app).PaymentEvent
    with app.app_context():
        db = database(app)
        wait_for(lambda: db.session.scalar(db.select(event.error).where(event.error.is_not(None))))
        due = db.update(event).where(event.error.is_not(None))
        db.session.execute(due.values(deliver_after=datetime(2020, 1, 1, tzinfo=timezone.utc)))
        db.session.commit()
    with post_office() as (address, mails), app.app_context():
        app.config["MAIL_SERVER"] = address
        assert extension(app).deliver() == 1
    assert len(mails) == 1


@pytest.mark.thorough
def test_person_decides_about_a_flagged_payment(bench: Bench) -> None:
    with post_office() as (address, _):
        app, invoice = flagged_shop(bench, address)
        listed, shown, decided = (
            run(bench, command.replace("INVOICE", invoice))
            for command in lines("A flagged payment", "terminal")
        )
        bench.close()
    assert invoice in listed.stdout
    assert "A person decides" in shown.stdout
    assert decided.returncode == 0, decided.stderr
    statuses = (
        value(app, app.extensions["bdquickpay"].models.payment.status),
        value(app, bench.load("shop").Order.status),
    )
    assert statuses == ("completed", "paid")
