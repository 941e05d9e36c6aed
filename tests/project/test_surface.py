"""What a shop may rely on changes only together with the changelog."""

from __future__ import annotations

import pytest

import flask_bdquickpay
from flask_bdquickpay.settings import Settings

from .surface import COMMAND, SNAPSHOT, Snapshot, Untold, current, difference, names, renewed

WRITTEN = SNAPSHOT.read_text(encoding="utf-8")
OLD = "[settings]\nBDQUICKPAY_TIMEOUT: float = 4.0\nBDQUICKPAY_WEBHOOK: bool = True\n"
NEW = OLD.replace("4.0", "5.0")


def changelog(*sentences: str) -> str:
    return "# Changelog\n\n## Unreleased\n\n" + "\n".join(sentences) + "\n\n## 0.1.0\n\nFirst.\n"


def test_the_surface_is_as_it_was_written_down() -> None:
    changed = difference(Snapshot.of(WRITTEN).entries, current())
    assert not changed, "\n".join(
        [
            "What a shop may rely on has changed:",
            *changed,
            "If that is meant: say in CHANGELOG.md, below Unreleased, what a shop will notice, and",
            f"below What breaks the edit to make; then run `{COMMAND}`.",
        ]
    )


def test_nobody_has_edited_the_snapshot_by_hand() -> None:
    assert Snapshot.of(WRITTEN).is_sealed, f"Write it by `{COMMAND}`."
    changed = WRITTEN.replace("BDQUICKPAY_TIMEOUT: float = 4.0", "BDQUICKPAY_TIMEOUT: float = 9.0")
    assert changed != WRITTEN
    assert not Snapshot.of(changed).is_sealed


def test_names_settings_and_columns_are_in_it() -> None:
    entries = set(current().splitlines())
    assert len(entries) > 300
    settings = {f"BDQUICKPAY_{name.upper()}:" for name in Settings.__dataclass_fields__}
    assert settings <= {entry.partition(" ")[0] for entry in entries}
    told = {entry.partition("(")[0].partition(".")[0].strip() for entry in entries}
    assert set(flask_bdquickpay.__all__) <= told
    for entry in (
        "InvoiceNotFoundError(GatewayError)",
        "payment_changed(app, *, payment, event)",
        "reconcile --concurrency (integer range, default 8)",
        "bdquickpay_payment.amount NUMERIC(12, 2) NOT NULL",
        "bdquickpay.webhook POST /bdquickpay/webhook",
    ):
        assert entry in entries


def test_nothing_depends_on_where_or_when_it_is_read() -> None:
    assert current() == current()
    assert " at 0x" not in current()


# The command


def test_a_change_needs_a_new_changelog() -> None:
    written = renewed("", changelog("- Payments can be made."), OLD)
    with pytest.raises(Untold, match="Nothing is new"):
        renewed(written, changelog("- Payments can be made."), NEW)


def test_a_change_needs_its_name_in_the_changelog() -> None:
    written = renewed("", changelog("- Payments can be made."), OLD)
    with pytest.raises(Untold, match=r"does not name: BDQUICKPAY_TIMEOUT$"):
        renewed(written, changelog("- Everything is better."), NEW)
    said = changelog("- The gateway has a second more: `BDQUICKPAY_TIMEOUT`.")
    assert Snapshot.of(renewed(written, said, NEW)).entries == NEW


def test_an_option_is_named_as_one_writes_it() -> None:
    written = renewed("", changelog("- Payments can be made."), OLD)
    option = f"{OLD}prune --older-than (text, required)\n"
    with pytest.raises(Untold, match="does not name: --older-than"):
        renewed(written, changelog("- `prune` is careful with what is older than a year."), option)
    assert renewed(written, changelog("- `prune --older-than` takes days."), option)


def test_what_an_earlier_release_said_is_not_news() -> None:
    earlier = changelog("- Better.").replace("First.", "- `BDQUICKPAY_TIMEOUT`.")
    written = renewed("", changelog("- Payments can be made."), OLD)
    with pytest.raises(Untold, match="does not name"):
        renewed(written, earlier, NEW)


def test_without_a_change_it_can_be_sealed_anew() -> None:
    written = renewed("", changelog("- Payments can be made."), OLD)
    forged = written.replace("Seal: ", "Seal: 0")
    assert renewed(forged, changelog("- Payments can be made."), OLD) == written


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("BDQuickPay.start(reference: object) -> P", "start"),
        ("PaymentRequest(amount: Decimal | int | str)", "PaymentRequest"),
        ("PaymentStatus.FLAGGED = 'flagged'", "FLAGGED"),
        ("payment_paid (signal)", "payment_paid"),
        ("BDQUICKPAY_LINK_AGE: float = 2592000", "BDQUICKPAY_LINK_AGE"),
        ("record-refund INVOICE|ID (text, required)", "record-refund"),
        ("prune --older-than (text, required)", "--older-than"),
        ("bdquickpay_payment.fee NUMERIC(12, 2)", "fee"),
        ("bdquickpay_payment: INDEX (status)", "bdquickpay_payment"),
        ("bdquickpay.link GET, POST /bdquickpay/pay/<path:token>", "link"),
        ("bdquickpay/link.html block facts", "link.html"),
        ("sqlalchemy>=2.0.30", "sqlalchemy"),
        ("admin: flask-admin>=2.0", "admin"),
    ],
)
def test_what_a_sentence_must_name(entry: str, name: str) -> None:
    assert names([f"+{entry}"]) == {name}
