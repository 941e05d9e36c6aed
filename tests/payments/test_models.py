"""The tables in the host's own database, whatever base, names and number of apps the host has."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    Mapped,
    MappedAsDataclass,
    mapped_column,
    relationship,
)

from flask_bdquickpay import (
    BDQuickPay,
    PaymentEventMixin,
    PaymentMixin,
    PaymentRequest,
    PaymentStatus,
)
from flask_bdquickpay.payments.transaction import is_duplicate, is_transient

from ..databases import fresh_database

NOW = datetime(2026, 3, 21, 10, 22, 14, 123456, tzinfo=timezone.utc)
KEYS = {
    "BDQUICKPAY_APP_KEY": "a",
    "BDQUICKPAY_SECRET_KEY": "s",
    "BDQUICKPAY_PUBLIC_URL": "https://shop.example",
}


def make_app(
    uri: str, db: SQLAlchemy, bdquickpay: BDQuickPay[Any, Any, Any], **config: Any
) -> Flask:
    app = Flask(__name__)
    app.config.update(KEYS | config, SQLALCHEMY_DATABASE_URI=uri)
    db.init_app(app)
    bdquickpay.init_app(app)
    return app


def add_payment(db: SQLAlchemy, model: Any, **columns: Any) -> Any:
    values: dict[str, Any] = {"customer_reference": "ORDER-001", "amount": Decimal("500.10")}
    payment = model()
    for name, value in (values | columns).items():
        setattr(payment, name, value)
    db.session.add(payment)
    db.session.commit()
    return payment


def add_event(db: SQLAlchemy, model: Any, payment: Any, **columns: Any) -> Any:
    event = model()
    event.payment_id, event.source, event.old_status = payment.id, "cli", payment.status
    for name, value in columns.items():
        setattr(event, name, value)
    db.session.add(event)
    db.session.commit()
    return event


def use(app: Flask, db: SQLAlchemy, payment_model: Any, event_model: Any) -> None:
    """Make the tables, write both classes, and read them back anew."""
    with app.app_context():
        db.create_all()
        payment = add_payment(db, payment_model)
        add_event(db, event_model, payment, note="one")
        add_event(db, event_model, payment, note="two")
        db.session.expire_all()
        found = db.session.scalars(sa.select(payment_model)).one()
        assert (found.status, found.amount) == ("created", Decimal("500.10"))
        assert [event.note for event in found.events] == ["one", "two"]
        assert found.events[0].payment is found
        assert f"{found!r}" == f"<{payment_model.__name__} {found.id} created 500.10 BDT>"
        db.session.remove()
        db.engine.dispose()


# Bases


def plain() -> SQLAlchemy:
    return SQLAlchemy()


def base() -> SQLAlchemy:
    class Base(DeclarativeBase):
        pass

    return SQLAlchemy(model_class=Base)


def no_metaclass() -> SQLAlchemy:
    class Base(DeclarativeBaseNoMeta):
        pass

    return SQLAlchemy(model_class=Base)


def dataclass() -> SQLAlchemy:
    class Base(MappedAsDataclass, DeclarativeBase):
        pass

    return SQLAlchemy(model_class=Base)


BASES = [plain, base, no_metaclass]
if sa.__version__.startswith("2.0."):  # with 2.1 it fails inside Flask-SQLAlchemy 3.1
    BASES.append(dataclass)


@pytest.mark.parametrize("make_db", BASES)
def test_the_models_work_on_every_base(
    database_uri: str, make_db: Callable[[], SQLAlchemy]
) -> None:
    db, bdquickpay = make_db(), BDQuickPay()
    app = make_app(database_uri, db, bdquickpay)
    with app.app_context():
        models = bdquickpay.Payment, bdquickpay.PaymentEvent
    use(app, db, *models)


def test_the_models_work_beside_a_hosts_dataclass_models(database_uri: str) -> None:
    class HostBase(DeclarativeBase):
        pass

    db: Any = SQLAlchemy(model_class=HostBase)

    class Order(MappedAsDataclass, db.Model):  # type: ignore[misc]
        id: Mapped[int] = mapped_column(init=False, primary_key=True)
        total: Mapped[int] = mapped_column(default=5)

    class Payment(PaymentMixin, MappedAsDataclass, db.Model, repr=False):  # type: ignore[misc]
        __tablename__ = "own_payment"
        shipped: Mapped[bool] = mapped_column(default=False)

    class Event(PaymentEventMixin, MappedAsDataclass, db.Model, repr=False):  # type: ignore[misc]
        __tablename__ = "own_event"

    bdquickpay = BDQuickPay(payment_model=Payment, event_model=Event)
    use(make_app(database_uri, db, bdquickpay), db, Payment, Event)


# A shop's own classes


def own_models(db: Any) -> tuple[Any, Any, Any]:
    class Customer(db.Model):  # type: ignore[misc]
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(50))

    class Payment(PaymentMixin, db.Model):  # type: ignore[misc]
        __tablename__ = "till"
        customer_id = db.Column(db.ForeignKey("customer.id"))
        customer = relationship("Customer", backref="payments")
        channel = db.Column(db.String(10), nullable=False, default="web")

    class Event(PaymentEventMixin, db.Model):  # type: ignore[misc]
        __tablename__ = "till_event"
        clerk = db.Column(db.String(10))

    return Customer, Payment, Event


@pytest.mark.thorough
def test_a_shop_may_have_tables_columns_and_relationships_of_its_own(database_uri: str) -> None:
    db = SQLAlchemy()
    Customer, Payment, Event = own_models(db)
    bdquickpay = BDQuickPay(payment_model=Payment, event_model=Event)
    app = make_app(database_uri, db, bdquickpay)
    with app.app_context():
        db.create_all()
        assert (bdquickpay.Payment, bdquickpay.PaymentEvent) == (Payment, Event)
        names = set(sa.inspect(db.engine).get_table_names())
        assert names == {"customer", "till", "till_event", "bdquickpay_refund"}
        payment = add_payment(db, Payment, customer=Customer(name="Rahim"))
        add_event(db, Event, payment, clerk="Karim")
        assert payment.channel == "web"
        assert db.session.scalars(sa.select(Customer)).one().payments == [payment]
        assert payment.events[0].clerk == "Karim"
        assert foreign_tables(db, "till_event") == {"till"}
        db.session.remove()
        db.engine.dispose()


def foreign_tables(db: SQLAlchemy, name: str) -> set[str]:
    keys = sa.inspect(db.engine).get_foreign_keys(name)
    return {key["referred_table"] for key in keys}


def test_a_shop_may_bring_one_class_of_its_own(database_uri: str) -> None:
    db: Any = SQLAlchemy()

    class Payment(PaymentMixin, db.Model):  # type: ignore[misc]
        __tablename__ = "till"

    bdquickpay = BDQuickPay(payment_model=Payment)
    app = make_app(database_uri, db, bdquickpay)
    with app.app_context():
        event = bdquickpay.PaymentEvent
    use(app, db, Payment, event)


def test_the_models_exist_before_the_app_when_the_database_is_handed_in() -> None:
    db = SQLAlchemy()
    bdquickpay = BDQuickPay(db=db)
    assert bdquickpay.Payment.__table__.name == "bdquickpay_payment"
    assert set(db.metadata.tables) == {
        "bdquickpay_payment",
        "bdquickpay_payment_event",
        "bdquickpay_refund",
    }


# Many apps


def test_a_factory_may_be_called_fifty_times() -> None:
    db, bdquickpay = SQLAlchemy(), BDQuickPay()
    models = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(50):
            with make_app("sqlite://", db, bdquickpay).app_context():
                models.add(bdquickpay.Payment)
    assert len(models) == 1


@pytest.mark.thorough
def test_apps_that_are_gone_are_not_kept() -> None:
    db, bdquickpay = SQLAlchemy(), BDQuickPay()
    kept = make_app("sqlite://", db, bdquickpay)
    for _ in range(3):
        make_app("sqlite://", db, bdquickpay)
    gc.collect()
    apps = [thing for thing in gc.get_objects() if type(thing) is Flask and thing.name == __name__]
    assert len(apps) <= 2  # the one we hold, and perhaps the one that was made last
    assert kept in apps


def test_a_second_extension_on_the_same_database_shares_the_tables() -> None:
    db = SQLAlchemy()
    one, other = BDQuickPay(), BDQuickPay(db=db)
    make_app("sqlite://", db, one)
    make_app("sqlite://", db, other)
    assert one.Payment is other.Payment
    assert one.PaymentEvent is other.PaymentEvent


def test_two_apps_have_their_own_databases_and_keys(tmp_path: Any) -> None:
    db, bdquickpay = SQLAlchemy(), BDQuickPay()
    apps = [
        make_app(
            f"sqlite:///{tmp_path}/{name}.db",
            db,
            bdquickpay,
            BDQUICKPAY_PUBLIC_URL=f"https://{name}.example",
        )
        for name in ("one", "two")
    ]
    apps[1].config["BDQUICKPAY_APP_KEY"] = "changed after the start"
    for app in apps:
        with app.app_context():
            db.create_all()
            add_payment(
                db, bdquickpay.Payment, customer_reference=app.config["BDQUICKPAY_PUBLIC_URL"]
            )
    for app in apps:
        with app.app_context():
            found = db.session.scalars(sa.select(bdquickpay.Payment)).one()
            assert found.customer_reference == app.config["BDQUICKPAY_PUBLIC_URL"]
            assert bdquickpay.client.account.app_key == "a"
            db.session.remove()
            db.engine.dispose()


def test_two_apps_with_two_databases_objects_and_one_extension() -> None:
    bdquickpay, databases = BDQuickPay(), [SQLAlchemy(), SQLAlchemy()]
    apps = [
        make_app("sqlite://", db, bdquickpay, BDQUICKPAY_LANGUAGE=language)
        for db, language in zip(databases, ("en", "bn"), strict=True)
    ]
    for app, db in zip(apps, databases, strict=True):
        with app.app_context():
            assert bdquickpay.Payment.__table__.metadata is db.metadata
            use(app, db, bdquickpay.Payment, bdquickpay.PaymentEvent)


# Columns


@pytest.fixture
def add(database_uri: str) -> Any:
    """Write payments into a database of each kind and read them back anew."""
    db, bdquickpay = SQLAlchemy(), BDQuickPay()
    app = make_app(database_uri, db, bdquickpay)
    with app.app_context():
        db.create_all()

        def write(**columns: Any) -> Any:
            number = add_payment(db, bdquickpay.Payment, **columns).id
            db.session.expire_all()
            return db.session.get(bdquickpay.Payment, number)

        write.db, write.model = db, bdquickpay.Payment  # type: ignore[attr-defined]
        yield write
        db.session.remove()
        db.engine.dispose()


Add = Callable[..., Any]
TIMES = ["created_at", "expires_at", "verified_at", "updated_at", "asked_at", "answered_at"]
TIMES += ["check_after"]


@pytest.mark.parametrize("zone", [timezone.utc, timezone(timedelta(hours=6))], ids=str)
def test_times_are_aware_utc_on_every_database(add: Add, zone: timezone) -> None:
    found = add(**{name: NOW.astimezone(zone) for name in TIMES})
    for name in TIMES:
        moment = getattr(found, name)
        assert moment == NOW
        assert moment.utcoffset() == timedelta(0)


def test_times_are_compared_as_moments(add: Any) -> None:
    found = add(expires_at=NOW)
    later = NOW.astimezone(timezone(timedelta(hours=6))) + timedelta(microseconds=1)
    query = sa.select(add.model.id).where(add.model.expires_at < later, add.model.expires_at >= NOW)
    assert list(add.db.session.scalars(query)) == [found.id]
    assert list(add.db.session.scalars(query.where(add.model.expires_at >= later))) == []


def test_a_time_without_a_zone_is_refused(add: Add) -> None:
    with pytest.raises(StatementError, match="has no time zone"):
        add(expires_at=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("amount", ["0.01", "0.10", "500.00", "123456.78", "9999999999.99"])
def test_amounts_are_exact(add: Add, amount: str) -> None:
    found = add(amount=Decimal(amount)).amount
    assert (type(found), str(found)) == (Decimal, amount)


@pytest.mark.parametrize("name", ["token", "invoice_id", "trx_id", "order_key"])
def test_ids_are_unique_to_the_letter(add: Any, name: str) -> None:
    add(**{name: "Abc"})
    add(**{name: "aBC"})
    with pytest.raises(IntegrityError):
        add(**{name: "Abc"})
    add.db.session.rollback()


@pytest.mark.parametrize("name", ["token", "invoice_id", "customer_reference"])
def test_ids_are_found_to_the_letter(add: Any, name: str) -> None:
    found = add(**{name: "Abc-ä"})
    column = getattr(add.model, name)
    for text, expected in [("Abc-ä", [found.id]), ("abc-ä", []), ("Abc-a", [])]:
        assert (
            list(add.db.session.scalars(sa.select(add.model.id).where(column == text))) == expected
        )


def test_many_payments_may_lack_an_invoice(add: Add) -> None:
    assert add().invoice_id is None
    assert add().trx_id is None
    assert add().order_key is None


def test_what_is_not_given(add: Add) -> None:
    one, other = add(), add()
    assert one.status is PaymentStatus.CREATED
    assert (one.previous_status, one.reason, one.payment_metadata) == (None, None, None)
    assert one.checks == 0
    assert len(one.token) >= 40
    assert one.token != other.token
    assert abs(datetime.now(timezone.utc) - one.created_at) < timedelta(minutes=5)


@pytest.mark.parametrize("status", PaymentStatus)
def test_a_status_is_its_word_in_python_and_in_queries(add: Any, status: PaymentStatus) -> None:
    found = add(status=status, previous_status=status)
    model, session = add.model, add.db.session
    assert found.status == found.previous_status == status.value
    assert list(session.scalars(sa.select(model.id).where(model.status == status.value)))
    assert list(session.scalars(sa.select(model.id).where(model.status == status)))
    table = sa.text(f"SELECT status FROM {model.__tablename__}")
    assert session.execute(table).scalar_one() == status.value
    assert found.is_paid is (status.value == "completed")
    assert found.is_final is (status.value not in ("created", "pending"))


def test_a_word_that_is_no_status_is_refused(add: Add) -> None:
    with pytest.raises(StatementError):
        add(status="paid")


def test_text_may_be_bangla_and_long(add: Add) -> None:
    reason = "টাকা পাওয়া যায়নি 😀 " * 500
    found = add(customer_reference="অর্ডার-১", reason=reason, payment_url="https://x/" + "y" * 1900)
    assert (found.customer_reference, found.reason) == ("অর্ডার-১", reason)
    assert len(found.payment_url) == 1910


@pytest.mark.parametrize("metadata", [{}, {"order": {"id": 1, "নাম": ["ক", None]}}, None])
def test_metadata_comes_back_as_it_was(add: Add, metadata: Any) -> None:
    assert add(payment_metadata=metadata).payment_metadata == metadata


def test_row_that_the_shops_own_column_refuses_is_told_as_it_is(database_uri: str) -> None:
    db: Any = SQLAlchemy()

    class Payment(PaymentMixin, db.Model):  # type: ignore[misc]
        __tablename__ = "till"
        branch = db.Column(db.String(10), nullable=False)

    class Event(PaymentEventMixin, db.Model):  # type: ignore[misc]
        __tablename__ = "till_event"

    bdquickpay = BDQuickPay(payment_model=Payment, event_model=Event)
    bdquickpay.order_loader(lambda reference: PaymentRequest(500))
    app = make_app(database_uri, db, bdquickpay, BDQUICKPAY_PUBLIC_URL="https://shop.example")
    with app.app_context():
        db.create_all()
        with pytest.raises(DBAPIError, match="branch"):
            bdquickpay.start("1")
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_drivers_of_postgresql_are_understood(postgresql_server: str, driver: str) -> None:
    if driver == "psycopg2":
        pytest.importorskip("psycopg2", reason="needs psycopg2")
    with fresh_database(postgresql_server) as uri:
        engine = sa.create_engine(uri.replace("+psycopg:", f"+{driver}:"))
        with engine.connect() as one, engine.connect() as other:
            one.exec_driver_sql("CREATE TABLE a (b integer UNIQUE)")
            one.exec_driver_sql("INSERT INTO a VALUES (1)")
            one.commit()
            with pytest.raises(IntegrityError) as twice:
                one.exec_driver_sql("INSERT INTO a VALUES (1)")
            one.rollback()
            one.exec_driver_sql("LOCK TABLE a")
            other.exec_driver_sql("SET lock_timeout = 1")
            with pytest.raises(DBAPIError) as locked:
                other.exec_driver_sql("SELECT * FROM a")
        engine.dispose()
    assert (is_duplicate(twice.value), is_transient(twice.value)) == (True, False)
    assert (is_duplicate(locked.value), is_transient(locked.value)) == (False, True)
