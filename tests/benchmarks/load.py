"""Many servers and workers against one PostgreSQL and one Redis: `python -m tests.benchmarks.load`.

A few thousand purchases, with webhooks lost, doubled, late and out of order, while processes are
killed at random. At the end the shop's books are held against the gateway's.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import requests
import sqlalchemy as sa

from .. import databases
from ..celery.broker import Broker
from . import gateway, load_shop
from .audit import Audit, Belief, Truth, audit
from .customers import Customer, Diary
from .fleet import Fleet, fleet, tree_seconds
from .folders import fast_folder
from .load_report import LoadReport
from .report import machine, replace_block

#: Share of the time in which customers buy; the rest is for what is still open then.
_BUYING = 0.6
#: The sweep's clock runs so much faster than the wall's: what is due in a minute is due soon.
_TICK, _STEP = 2.0, 60


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    seconds: float = 120
    purchases: int = 3000
    servers: int = 2
    per_server: int = 2
    workers: int = 2
    customers: int = 12
    kill_every: float = 3.0
    seed: int = 1
    celery: bool = True


@dataclass
class Run:
    """A load test under way."""

    plan: Plan
    shop: load_shop.LoadShop
    gateway_port: int
    fleet: Fleet
    diary: Diary = field(default_factory=Diary)
    begun: float = field(default_factory=time.monotonic)

    @property
    def time_left(self) -> float:
        return self.plan.seconds - (time.monotonic() - self.begun)

    # Buying

    def buy(self) -> float:
        """Let the customers buy until all is bought or their time is over; return the seconds."""
        orders = iter(self._orders())
        end = self.begun + self.plan.seconds * _BUYING
        lock, begun = threading.Lock(), time.monotonic()

        def shopping(customer: Customer) -> None:
            while time.monotonic() < end:
                with lock:
                    reference = next(orders, None)
                if reference is None:
                    return
                customer.buy(reference)

        with self._trouble(), ThreadPoolExecutor(self.plan.customers) as threads:
            list(threads.map(shopping, self._customers()))
        return time.monotonic() - begun

    def _orders(self) -> list[str]:
        references = [f"ORDER-{number:06}" for number in range(self.plan.purchases)]
        with self.engine.begin() as connection:
            rows = [{"reference": reference} for reference in references]
            connection.execute(sa.insert(self.shop.Order.__table__), rows)
        return references

    def _customers(self) -> Iterator[Customer]:
        ports = (self.fleet.port, self.gateway_port)
        for number in range(self.plan.customers):
            customer = Customer(*ports, self.diary, self.plan.seed + number)
            customer.open_shop("ORDER-000000")
            yield customer

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """Kill processes at random, and let the sweep's clock run fast, during the block."""
        over = threading.Event()
        thread = threading.Thread(target=self._make_trouble, args=[over])
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _make_trouble(self, over: threading.Event) -> None:
        chance, last_kill = random.Random(self.plan.seed), time.monotonic()
        while not over.wait(min(_TICK, self.plan.kill_every or _TICK)):
            self.hurry()
            if self.plan.kill_every and time.monotonic() - last_kill >= self.plan.kill_every:
                last_kill = time.monotonic()
                self.fleet.kill_one(chance)

    # Afterwards

    def settle(self) -> bool:
        """Wait until nothing is open; return whether it came to that in time."""
        while self.time_left > 0:
            self.hurry(3600)
            time.sleep(_TICK)
            if not self.books()["underway"] and self._is_settled():
                return True
        return False

    def _is_settled(self) -> bool:
        return self.audit().agrees and not self.undelivered()

    @property
    def engine(self) -> sa.Engine:
        with self.shop.app.app_context():
            return self.shop.db.engine

    def hurry(self, seconds: int = _STEP) -> None:
        """Make due now what would be due in so many seconds, leases of the killed included."""
        payments, events = self._tables()
        for table, column in ((payments, "check_after"), (events, "deliver_after")):
            sooner = f"UPDATE {table} SET {column} = {column} - interval '{seconds} seconds'"
            with self.engine.begin() as connection:
                connection.execute(sa.text(f"{sooner} WHERE {column} IS NOT NULL"))

    def _tables(self) -> tuple[str, str]:
        bdquickpay = self.shop.bdquickpay
        return bdquickpay.Payment.__table__.name, bdquickpay.PaymentEvent.__table__.name

    def books(self) -> dict[str, Any]:
        """The gateway's."""
        answer = requests.get(f"http://127.0.0.1:{self.gateway_port}/books", timeout=30)
        books: dict[str, Any] = answer.json()
        return books

    def audit(self) -> Audit:
        """Hold the shop's books against the gateway's."""
        entries = self.books()["entries"].values()
        truths = [Truth(one["invoice_id"], one["reference"], one["status"]) for one in entries]
        table = self.shop.bdquickpay.Payment.__table__.c
        columns = (table.id, table.invoice_id, table.customer_reference, table.status)
        with self.engine.connect() as connection:
            beliefs = [Belief(*row) for row in connection.execute(sa.select(*columns))]
            fulfilled = list(connection.scalars(sa.select(self.shop.Fulfilment.payment_id)))
        return audit(truths, beliefs, fulfilled)

    def undelivered(self) -> int:
        """How many events `payment_changed` has not told of."""
        events = self.shop.bdquickpay.PaymentEvent.__table__
        waiting = sa.select(sa.func.count()).where(events.c.deliver_after.is_not(None))
        return self._number(waiting)

    def _number(self, statement: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(statement).scalar_one())

    # What it cost

    def letters(self) -> tuple[int, int]:
        """How often `payment_changed` came, and about how many events."""
        event = self.shop.Letter.event_id
        counts = (sa.func.count(event), sa.func.count(event.distinct()))
        with self.engine.connect() as connection:
            came, events = connection.execute(sa.select(*counts)).one()
        return came, events

    def paid_after(self) -> dict[str, list[float]]:
        """Seconds from the payment at the gateway to the paid order, by what brought the news."""
        paid_at = {name: one["paid_at"] for name, one in self.books()["entries"].items()}
        payments = self.shop.bdquickpay.Payment.__table__
        events = self.shop.bdquickpay.PaymentEvent.__table__
        columns = (payments.c.invoice_id, payments.c.announced_at, events.c.source)
        statement = sa.select(*columns).join(events, events.c.payment_id == payments.c.id)
        statement = statement.where(events.c.new_status == "completed")
        found: dict[str, list[float]] = {}
        with self.engine.connect() as connection:
            for invoice, announced_at, source in connection.execute(statement):
                seconds = announced_at.timestamp() - paid_at[invoice]
                found.setdefault(source, []).append(seconds)
        return found


@dataclass(frozen=True)
class Gauge:
    """What had been used at a moment."""

    shop_seconds: float
    database_seconds: float
    wal_bytes: int
    disk_bytes: int

    @classmethod
    def read(cls, run: Run) -> Gauge:
        with run.engine.connect() as connection:
            asked = (
                "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn, pg_database_size(current_database())"
            )
            wal, disk = connection.execute(sa.text(asked)).one()
            folder = connection.execute(sa.text("SHOW data_directory")).scalar_one()
        postmaster = int(Path(folder, "postmaster.pid").read_text().split()[0])
        return cls(run.fleet.processor_seconds(), tree_seconds(postmaster), int(wal), int(disk))

    def since(self, before: Gauge) -> Gauge:
        mine, theirs = vars(self), vars(before)
        return Gauge(**{name: mine[name] - theirs[name] for name in mine})


@contextmanager
def _broker(plan: Plan) -> Iterator[str | None]:
    """Run a Redis, if the plan has Celery."""
    if not plan.celery:
        yield None
        return
    program = shutil.which("redis-server")
    if program is None:
        raise click.ClickException("Redis is missing (Debian: redis-server), or use --no-celery.")
    redis = Broker(program)
    try:
        redis.start()
        yield redis.url
    finally:
        redis.stop()


@contextmanager
def started(plan: Plan) -> Iterator[Run]:
    """Start everything, and end it."""
    module = ("tests.benchmarks.unreliable", str(plan.seed))
    with (
        databases.postgresql() as server,
        databases.fresh_database(server) as uri,
        gateway.running(*module) as running,
        _broker(plan) as broker,
        TemporaryDirectory() as folder,
    ):
        place: dict[str, Any] = {"uri": uri, "base_url": f"http://127.0.0.1:{running.port}/api"}
        place["broker"] = broker
        shop = load_shop.make(**place)
        variables = {load_shop.VARIABLE: json.dumps(place)}
        sizes = (plan.servers, plan.per_server, plan.workers)
        beat = Path(folder, "beat") if plan.celery else None
        with shop.app.app_context():
            shop.db.create_all()
            with fleet(variables, *sizes, beat) as ships:
                yield Run(plan, shop, running.port, ships)
            shop.db.engine.dispose()


def load(plan: Plan) -> LoadReport:
    """Run a load test."""
    about = machine()
    with started(plan) as run:
        before = Gauge.read(run)
        seconds = run.buy()
        used = Gauge.read(run).since(before)
        settled = run.settle()
        books, (letters, events) = run.books(), run.letters()
        return LoadReport(
            about=about,
            plan=asdict(plan),
            settled=settled,
            audit=asdict(run.audit()),
            bought=run.diary.bought,
            seconds=seconds,
            killed=run.fleet.killed,
            customers={
                name: getattr(run.diary, name) for name in ("retries", "two_ways", "gave_up")
            },
            webhooks={name: books[name] for name in ("lost", "doubled", "late")},
            events={"events": events, "told": letters, "undelivered": run.undelivered()},
            clicks=run.diary.clicks,
            answers=[seconds for code, seconds in books["answers"] if code],
            unanswered=sum(not 200 <= code < 300 for code, _ in books["answers"]),
            paid_after=run.paid_after(),
            used=asdict(used),
        )


@click.command(context_settings={"show_default": True})
@click.option("--seconds", default=Plan.seconds, help="For all of it; customers buy in 60 %.")
@click.option("--purchases", default=Plan.purchases, help="At most.")
@click.option("--servers", default=Plan.servers, help="Gunicorn servers, which share a port.")
@click.option("--per-server", default=Plan.per_server, help="Workers of each, of four threads.")
@click.option("--workers", default=Plan.workers, help="Of Celery, of two processes each.")
@click.option(
    "--celery/--no-celery",
    default=Plan.celery,
    help="Or processes that run `reconcile` in loops.",
)
@click.option("--customers", default=Plan.customers, help="Customers at once.")
@click.option("--kill-every", default=Plan.kill_every, help="Seconds; 0: nobody is killed.")
@click.option("--seed", default=Plan.seed)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write JSON there.")
@click.option(
    *("--write", "page"),
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Replace the block of this page, such as docs/explanation/scale.md, and write JSON beside "
    "it.",
)
def main(json_file: Path | None, page: Path | None, **options: Any) -> None:
    """Many servers and workers on one PostgreSQL and one Redis. Ends with 1 if books disagree."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all is ended
    with fast_folder():
        report = load(Plan(**options))
    click.echo(report.as_markdown())
    files = [json_file, page and page.with_suffix(".json")]
    for file in filter(None, files):
        file.write_text(report.as_json(), encoding="utf-8")
    if page is not None:
        replace_block(page, "load test", f"\n{report.as_markdown()}\n")
    sys.exit(0 if report.agrees else 1)


if __name__ == "__main__":
    main()
