"""How long the client waits for a gateway, and how often it asks."""

from __future__ import annotations

from typing import Any

import pytest

from flask_bdquickpay import GatewayError, GatewayUnavailableError
from flask_bdquickpay.gateway.client import VERIFY_ATTEMPTS

from . import hostile as gw
from .asking import client_of, create, in_time, verify
from .hostile import COMPLETED, CREATED, INVOICE, PENDING, hostile
from .troubles import BROKEN, LATE

# Time


@pytest.mark.thorough
@pytest.mark.parametrize("name", LATE)
def test_a_slow_gateway_is_left_at_the_deadline(name: str) -> None:
    with hostile(LATE[name]) as server:
        with pytest.raises(GatewayUnavailableError) as caught:
            in_time(lambda: verify(server, 0.5))
        assert caught.value.status_code is None
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: create(client_of(server, 0.5)))


def test_a_call_may_have_a_time_out_of_its_own() -> None:
    with hostile(gw.hang) as server:
        client = client_of(server, 60)
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: client.verify_payment(INVOICE, timeout=0.3))
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: create(client, timeout=0.3))


@pytest.mark.thorough
def test_a_longer_time_out_of_its_own_is_granted() -> None:
    def slow(call: gw.Call) -> None:
        call.wait(1)
        call.send(gw.message(gw.verified(PENDING)))

    with hostile(slow) as server:
        assert client_of(server, 0.1).verify_payment(INVOICE, timeout=30).status == "pending"


def test_all_attempts_of_verify_share_one_deadline() -> None:
    def slow_refusal(call: gw.Call) -> None:
        call.wait(0.3)
        call.send(gw.message("busy", 503))

    with hostile(slow_refusal) as server:
        with pytest.raises(GatewayUnavailableError):
            in_time(lambda: verify(server, 0.4))
        assert len(server.requests) < VERIFY_ATTEMPTS


# Repeating

#: What may be over a moment later; a 429 asks for more patience.
PASSING = [name for name in BROKEN if name != "429"]


@pytest.mark.parametrize("name", PASSING)
def test_verify_is_asked_again_and_succeeds(name: str) -> None:
    with hostile(BROKEN[name], gw.answer(gw.verified(COMPLETED))) as server:
        assert verify(server).status == "completed"
        assert len(server.requests) == 2


@pytest.mark.parametrize("name", PASSING)
def test_verify_is_asked_no_more_than_so_often(name: str) -> None:
    with hostile(BROKEN[name]) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        assert len(server.requests) == VERIFY_ATTEMPTS


@pytest.mark.parametrize("name", BROKEN)
def test_create_is_never_repeated(name: str) -> None:
    with hostile(BROKEN[name], gw.answer(CREATED)) as server:
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        server.stopping.wait(0.3)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with hostile(gw.answer({"status": False, "message": "No."}, status)) as server:
        with pytest.raises(GatewayError):
            verify(server)
        assert len(server.requests) == 1


def test_a_reset_before_the_request_is_read_is_no_answer() -> None:
    def greet(raw: Any) -> None:
        gw.end_with_reset(raw)
        raw.close()

    with hostile(gw.hang, greet=greet) as server:
        with pytest.raises(GatewayUnavailableError):
            verify(server)
        assert server.connections == VERIFY_ATTEMPTS
        with pytest.raises(GatewayUnavailableError):
            create(client_of(server))
        assert server.connections == VERIFY_ATTEMPTS + 1


def test_nobody_listening_is_no_answer() -> None:
    with hostile(gw.hang) as server:
        pass
    with pytest.raises(GatewayUnavailableError, match="did not answer"):
        verify(server)
