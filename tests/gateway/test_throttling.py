"""A gateway that asks for fewer calls gets none until its time is up; its clock is remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from flask_bdquickpay import (
    BDQuickPayClient,
    GatewayError,
    GatewayPausedError,
    GatewayUnavailableError,
    InvoiceNotFoundError,
)
from flask_bdquickpay.gateway import dates, pace

from . import hostile as gw
from .asking import client_of, create
from .hostile import CREATED, INVOICE, PENDING, Hostile, hostile

BUSY = {"status": False, "message": "Too many requests."}
GOOD = gw.answer(gw.verified(PENDING))


def busy(wanted: str | None = None, status: int = 429, extra: str = "") -> gw.Behaviour:
    header = "" if wanted is None else f"Retry-After: {wanted}\r\n"
    return gw.answer(BUSY, status, header + extra)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many seconds pass for those who keep to a pause."""
    passed = [0.0]
    monkeypatch.setattr(pace, "monotonic", lambda: time.monotonic() + passed[0])

    def pass_by(seconds: float) -> None:
        passed[0] += seconds

    return pass_by


def refused(client: BDQuickPayClient) -> GatewayUnavailableError:
    """Ask, and return why there was no answer."""
    with pytest.raises(GatewayUnavailableError) as caught:
        client.verify_payment(INVOICE)
    return caught.value


# The pause


def test_429_is_not_asked_again_within_the_call() -> None:
    with hostile(busy(), GOOD) as server:
        error = refused(client_of(server))
        assert type(error) is GatewayUnavailableError
        assert (error.status_code, error.invoice_id) == (429, INVOICE)
        assert "Too many requests." in error.message
        assert error.retry_after is not None
        assert len(server.requests) == 1


def test_nothing_is_sent_until_the_time_is_up(later: Callable[[float], None]) -> None:
    with hostile(busy("30"), GOOD) as server:
        client = client_of(server)
        refused(client)
        later(29)
        for _ in range(3):
            error = refused(client)
            assert isinstance(error, GatewayPausedError)
            assert (error.status_code, error.invoice_id) == (429, INVOICE)
            assert error.retry_after is not None
            assert 0 < error.retry_after <= 1
            assert "asked again in 1 s" in error.message
        assert (len(server.requests), server.connections) == (1, 1)
        later(1)
        assert client.paused_for() == 0
        assert client.verify_payment(INVOICE).status == "pending"


def test_creation_in_a_pause_says_that_nothing_was_charged() -> None:
    with hostile(busy("30"), gw.answer(CREATED)) as server:
        client = client_of(server)
        refused(client)
        with pytest.raises(GatewayPausedError, match="nothing was charged") as caught:
            create(client)
        assert (caught.value.status_code, caught.value.invoice_id) == (429, None)
        assert len(server.requests) == 1


def test_creation_that_is_turned_away_begins_a_pause() -> None:
    with hostile(busy("30"), GOOD) as server:
        client = client_of(server)
        with pytest.raises(GatewayUnavailableError):
            create(client)
        assert isinstance(refused(client), GatewayPausedError)
        assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"", b"<html>slow down</html>"])
def test_429_of_a_proxy_is_one_too(body: bytes) -> None:
    with hostile(gw.answer(body, 429, "Retry-After: 7\r\n")) as server:
        client = client_of(server)
        refused(client)
        assert 6 < client.paused_for() <= 7


def test_429_whose_body_never_ends_is_one_too() -> None:
    head = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 900\r\n\r\n"
    with hostile(gw.drip(head, len(head))) as server:
        client = client_of(server, 0.5)
        refused(client)
        assert 6 < client.paused_for() <= 7
        assert len(server.requests) == 1


def test_pause_is_for_the_account_alone() -> None:
    with hostile(busy("30"), GOOD) as server:
        other = BDQuickPayClient("another-app-key", "another-secret-key", server.base_url)
        refused(client_of(server))
        assert other.paused_for() == 0
        assert other.verify_payment(INVOICE).status == "pending"


def test_threads_keep_to_one_pause() -> None:
    """Those that were under way when it began are the only ones that are sent."""
    start = threading.Barrier(8)

    def slow_down(call: gw.Call) -> None:
        start.wait(10)
        call.send(gw.message(BUSY, 429, "Retry-After: 30\r\n"))

    with hostile(slow_down) as server:
        client = client_of(server)
        with ThreadPoolExecutor(8) as pool:
            errors = list(pool.map(lambda _: [refused(client) for _ in range(5)], range(8)))
        assert len(server.requests) == 8
        kinds = [[type(error) for error in of_a_thread] for of_a_thread in errors]
        assert kinds == [[GatewayUnavailableError, *[GatewayPausedError] * 4]] * 8


# How long it is


def http_date(seconds: float, at: datetime | None = None) -> str:
    moment = (at or datetime.now(timezone.utc)) + timedelta(seconds=seconds)
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("wanted", "low", "high"),
    [
        ("1", 0.5, 1),
        (" 45 ", 44, 45),
        ("1.5", 1, 1.5),
        ("300", 299, 300),
        ("301", 299, 300),
        ("9" * 400, 299, 300),
    ],
)
def test_pause_is_as_long_as_the_gateway_asks(wanted: str, low: float, high: float) -> None:
    with hostile(busy(wanted)) as server:
        client = client_of(server)
        refused(client)
        assert low < client.paused_for() <= high


@pytest.mark.parametrize(("ahead", "low", "high"), [(60, 50, 60), (3600, 299, 300)])
def test_pause_lasts_to_the_moment_that_the_gateway_names(
    ahead: float, low: float, high: float
) -> None:
    with hostile(busy(http_date(ahead))) as server:
        client = client_of(server)
        refused(client)
        assert low < client.paused_for() <= high


def test_moment_of_a_gateway_whose_clock_is_wrong_is_held_against_its_own() -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
    date = f"Date: {http_date(0, long_ago)}\r\n"
    with hostile(busy(http_date(40, long_ago), extra=date)) as server:
        client = client_of(server)
        refused(client)
        assert 39 < client.paused_for() <= 40


NO_TIME = ["", "0", "-5", "soon", "nan", "Thu, 32 Foo 2026 00:00:00 GMT"]
NO_TIME.append("Sat, 21 Mar 2020 10:00:00 GMT")


@pytest.mark.parametrize("wanted", [None, *NO_TIME])
def test_pause_that_names_no_time_is_short(wanted: str | None) -> None:
    with hostile(busy(wanted)) as server:
        client = client_of(server)
        refused(client)
        assert 0 < client.paused_for() <= 1.25


def pause(client: BDQuickPayClient, later: Callable[[float], None]) -> float:
    """Be refused, let the pause pass, and return how long it was."""
    refused(client)
    length = client.paused_for()
    later(length + 0.01)
    return length


def test_pauses_grow_up_to_a_minute(later: Callable[[float], None]) -> None:
    with hostile(busy()) as server:
        client = client_of(server)
        lengths = [pause(client, later) for _ in range(12)]
    expected = [1, 2, 4, 8, 16, 32, *[60] * 6]
    assert all(0.7 * e < length <= 1.25 * e for length, e in zip(lengths, expected, strict=True))
    assert max(lengths) <= 60
    rounded = [round(length, 1) for length in lengths[:5]]
    assert rounded != [1, 2, 4, 8, 16]  # many clients do not come back at once


@pytest.mark.parametrize("good", [GOOD, gw.answer(BUSY, 404)])
def test_good_answer_makes_the_next_pause_short_again(
    good: gw.Behaviour, later: Callable[[float], None]
) -> None:
    with hostile(busy(), busy(), busy(), good, busy()) as server:
        client = client_of(server)
        assert [pause(client, later) for _ in range(3)][-1] > 2.9
        with suppress(InvoiceNotFoundError):
            client.verify_payment(INVOICE)
        assert pause(client, later) <= 1.25


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_error_does_not_make_the_next_pause_short_again(
    status: int, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_bdquickpay.gateway.client.VERIFY_ATTEMPTS", 1)
    with hostile(busy(), busy(), busy(status=status), busy()) as server:
        client = client_of(server)
        assert pause(client, later) < pause(client, later)
        assert refused(client).status_code == status
        assert pause(client, later) > 2.9


def test_refusals_that_were_under_way_together_are_one(later: Callable[[float], None]) -> None:
    start = threading.Barrier(8)

    def slow_down(call: gw.Call) -> None:
        start.wait(10)
        call.send(gw.message(BUSY, 429))

    with hostile(*[slow_down] * 8, busy()) as server:
        client = client_of(server)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: refused(client), range(8)))
        assert client.paused_for() <= 1.25
        later(1.25)
        refused(client)
        assert 1.4 < client.paused_for() <= 2.5


def test_answer_to_a_call_from_before_the_pause_does_not_end_it() -> None:
    asked, answer_now = threading.Event(), threading.Event()

    def slow_and_good(call: gw.Call) -> None:
        asked.set()
        answer_now.wait(10)
        call.send(gw.message(gw.verified(PENDING)))

    with hostile(slow_and_good, busy("30")) as server, ThreadPoolExecutor(1) as pool:
        client = client_of(server)
        early = pool.submit(client.verify_payment, INVOICE)
        asked.wait(10)
        refused(client)
        answer_now.set()
        assert early.result().status == "pending"
        assert client.paused_for() > 29


# Out of order, but not asking for fewer calls


def test_503_that_says_for_how_long_begins_a_pause() -> None:
    with hostile(busy("20", 503), GOOD) as server:
        client = client_of(server)
        assert refused(client).status_code == 503
        error = refused(client)
        assert isinstance(error, GatewayPausedError)
        assert error.status_code == 503
        assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "wanted"), [(503, None), (500, "20"), (502, "20")])
def test_other_server_errors_are_asked_again(status: int, wanted: str | None) -> None:
    with hostile(busy(wanted, status), GOOD) as server:
        client = client_of(server)
        assert client.verify_payment(INVOICE).status == "pending"
        assert client.paused_for() == 0


@pytest.mark.parametrize("status", [200, 401, 404, 422])
def test_retry_after_beside_an_answer_is_none_of_ours(status: int) -> None:
    document: Any = gw.verified(PENDING) if status == 200 else BUSY
    with hostile(gw.answer(document, status, "Retry-After: 20\r\n")) as server:
        client = client_of(server)
        with suppress(GatewayError):
            client.verify_payment(INVOICE)
        assert client.paused_for() == 0


# The gateway's clock


def dated(text: str) -> gw.Behaviour:
    return gw.answer(gw.verified(PENDING), 200, f"Date: {text}\r\n")


def skew_at(server: Hostile) -> timedelta | None:
    client = client_of(server)
    assert client.clock_skew is None
    client.verify_payment(INVOICE)
    return client.clock_skew


@pytest.mark.parametrize("ahead", [0, 31 * 60, -31 * 60, 3 * 86400])
def test_difference_to_the_gateways_clock_is_remembered(ahead: float) -> None:
    with hostile(dated(http_date(ahead))) as server:
        skew = skew_at(server)
    assert skew is not None
    assert abs(skew.total_seconds() - ahead) <= 1
    assert skew.microseconds == 0


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.999])
def test_difference_below_a_second_is_none(fraction: float) -> None:
    """The date leaves the fraction of the second out."""
    date = datetime(2026, 3, 21, 10, 0, 0, tzinfo=timezone.utc)
    now = date + timedelta(seconds=fraction)
    assert dates.clock_skew(format_datetime(date, usegmt=True), now, now) == timedelta(0)


@pytest.mark.parametrize(("ours", "ahead"), [(-1.6, 2), (2.2, -1), (1.4, 0), (-0.4, 0)])
def test_date_stands_for_the_middle_of_its_second(ours: float, ahead: int) -> None:
    date = datetime(2026, 3, 21, 10, 0, 0, tzinfo=timezone.utc)
    now = date + timedelta(seconds=ours)
    skew = dates.clock_skew(format_datetime(date, usegmt=True), now, now)
    assert skew == timedelta(seconds=ahead)


def test_clock_is_compared_with_the_middle_of_the_exchange() -> None:
    date = datetime(2026, 3, 21, 10, 0, 0, tzinfo=timezone.utc)
    sent, received = date - timedelta(seconds=20), date + timedelta(seconds=4)
    skew = dates.clock_skew(format_datetime(date, usegmt=True), sent, received)
    assert skew == timedelta(seconds=8)


@pytest.mark.parametrize("text", ["", "yesterday", "Thu, 01 Jan 99999 00:00:00 GMT"])
def test_date_that_can_not_be_read_tells_nothing(text: str) -> None:
    with hostile(dated(http_date(600)), dated(text)) as server:
        client = client_of(server)
        client.verify_payment(INVOICE)
        known = client.clock_skew
        assert known is not None
        client.verify_payment(INVOICE)
        assert client.clock_skew == known


def test_refusal_tells_the_time_too() -> None:
    extra = f"Date: {http_date(600)}\r\n"
    with hostile(gw.answer({"status": False, "message": "No."}, 401, extra)) as server:
        client = client_of(server)
        with pytest.raises(GatewayError):
            client.verify_payment(INVOICE)
        assert client.clock_skew is not None
        assert abs(client.clock_skew.total_seconds() - 600) <= 1
