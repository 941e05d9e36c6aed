"""Connections are used again, and only those that are sound."""

from __future__ import annotations

import gc
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_bdquickpay import GatewayUnavailableError, InvoiceNotFoundError
from flask_bdquickpay.gateway.answers import MAX_ANSWER

from . import hostile as gw
from .asking import client_of, create
from .hostile import COMPLETED, CREATED, INVOICE, PENDING, hostile

#: So often repeated, an invoice fills the buffers between two sockets: 40 MB.
MORE_THAN_IS_BUFFERED = 2_000_000
#: What says only that the answer is still to come.
ANNOUNCING = [101, 102, 103]


def test_a_connection_is_used_again() -> None:
    with hostile(gw.answer(gw.verified(PENDING))) as server:
        client = client_of(server)
        for _ in range(5):
            client.verify_payment(INVOICE)
        assert [request.connection for request in server.requests] == [1] * 5


def test_a_connection_is_used_again_after_a_refusal() -> None:
    refusal = gw.answer({"status": False, "message": "No."}, 404)
    with hostile(refusal, gw.answer(gw.verified(PENDING))) as server:
        client = client_of(server)
        with pytest.raises(InvoiceNotFoundError):
            client.verify_payment(INVOICE)
        client.verify_payment(INVOICE)
        assert server.connections == 1


def test_a_connection_with_an_unread_answer_is_not_used_again() -> None:
    padded = json.dumps(gw.verified(COMPLETED)) + " " * MAX_ANSWER
    with hostile(gw.answer(padded), gw.answer(gw.verified(PENDING))) as server:
        client = client_of(server)
        with pytest.raises(GatewayUnavailableError):
            client.verify_payment(INVOICE)
        assert client.verify_payment(INVOICE).status == "pending"
        assert server.connections == 2


def early(status: int) -> gw.Behaviour:
    """Say what only announces the answer, which follows when the client has more to ask on this
    connection, or is gone."""

    def behave(call: gw.Call) -> None:
        call.send(f"HTTP/1.1 {status} Early\r\nLink: </s.css>; rel=preload\r\n\r\n".encode())
        call.socket.recv(1, socket.MSG_PEEK)
        call.send(gw.message(CREATED | {"invoice_id": "OF-THE-FIRST"}))

    return behave


@pytest.mark.parametrize("status", ANNOUNCING)
def test_after_an_early_answer_the_next_call_gets_its_own(status: int) -> None:
    with hostile(early(status), gw.answer(CREATED)) as server:
        client = client_of(server)
        with pytest.raises(GatewayUnavailableError):
            create(client)
        assert create(client).invoice_id == INVOICE
        assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize("status", ANNOUNCING)
def test_an_early_answer_is_no_answer(status: int) -> None:
    """The call may have been carried out, whatever the number says."""
    with hostile(early(status)) as server:
        with pytest.raises(GatewayUnavailableError) as caught:
            create(client_of(server))
        assert caught.value.status_code is None


def test_verify_asks_again_after_an_early_answer() -> None:
    with hostile(early(103), gw.answer(gw.verified(PENDING))) as server:
        assert client_of(server).verify_payment(INVOICE).status == "pending"
        assert [request.connection for request in server.requests] == [1, 2]


def test_a_leave_to_continue_is_passed_over() -> None:
    continued = b"HTTP/1.1 100 Continue\r\n\r\n" + gw.message(gw.verified(PENDING))
    with hostile(gw.raw(continued)) as server:
        client = client_of(server)
        assert [client.verify_payment(INVOICE).status for _ in range(2)] == ["pending"] * 2
        assert server.connections == 1


def test_a_connection_that_was_closed_while_idle_is_noticed_before_create() -> None:
    """Otherwise the answer would seem lost, and the order's payment would fail."""
    with hostile(gw.close_after(gw.verified(PENDING)), gw.answer(CREATED)) as server:
        client = client_of(server)
        client.verify_payment(INVOICE)
        server.stopping.wait(0.3)
        assert create(client).invoice_id == INVOICE
        assert [request.connection for request in server.requests] == [1, 2]


def test_an_answer_that_comes_before_all_is_sent_is_heard() -> None:
    """A server that turns a request away need not read it to its end."""

    def turn_away(sock: socket.socket) -> None:
        sock.recv(1)
        sock.sendall(gw.message({"status": False}, 429, "Retry-After: 60\r\n"))
        sock.close()

    with hostile(greet=turn_away) as server:
        client = client_of(server)
        with pytest.raises(GatewayUnavailableError) as caught:
            client.verify_payment(INVOICE * MORE_THAN_IS_BUFFERED)
        assert caught.value.status_code == 429
        assert client.paused_for() > 50


def test_a_request_that_cannot_be_sent_leaves_nothing_half_made() -> None:
    """Python would tell of it at any later time."""

    def go_away(sock: socket.socket) -> None:
        sock.recv(1)
        sock.close()

    with hostile(greet=go_away) as server:
        client = client_of(server)
        with pytest.raises(GatewayUnavailableError):
            client.verify_payment(INVOICE * MORE_THAN_IS_BUFFERED)
        gc.collect()


def test_fifty_threads_share_a_client() -> None:
    def echo(call: gw.Call) -> None:
        call.wait(0.02)
        invoice = call.request.json["invoice_id"]
        call.send(gw.message(gw.verified(PENDING | {"invoice_id": invoice})))

    with hostile(echo) as server:
        client, start = client_of(server, 30), threading.Barrier(50)

        def ask(number: int) -> list[str]:
            start.wait()
            names = [f"INVOICE-{number}-{turn}" for turn in range(4)]
            return [client.verify_payment(name).invoice_id for name in names]

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, range(50)))
        assert answers == [[f"INVOICE-{n}-{turn}" for turn in range(4)] for n in range(50)]
        assert server.connections <= 50
