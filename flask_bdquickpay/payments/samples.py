"""The health of an app as Prometheus counts it: families of gauges, and their text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .health import Health, Period, Pile


@dataclass(frozen=True)
class Family:
    """A gauge: its name, what it says, and its values by their labels."""

    name: str
    help: str
    values: list[tuple[Mapping[str, str], float]]


def families(health: Health) -> Iterator[Family]:
    """Yield every gauge; a value that is not known is left out."""
    looked = health.at.timestamp()
    yield Family("bdquickpay_health_timestamp_seconds", "When this was looked at.", [({}, looked)])
    for name, what, piles in (
        ("open", "Payments that are created or pending", _by_status(health.open)),
        ("flagged", "Flagged payments, which wait for a person", [({}, health.flagged)]),
        ("unbooked", "Payments whose money the shop's own code refuses", [({}, health.unbooked)]),
        ("unannounced", "Paid payments not told to the shop", [({}, health.unannounced)]),
        ("refunds_owed", "Rejected payments not sent back", [({}, health.refunds_owed)]),
        ("due", "Payments that the sweep should look at", [({}, health.due)]),
        ("events_due", "Events that should be delivered", [({}, health.events_due)]),
    ):
        yield Family(f"bdquickpay_{name}", f"{what}.", [(key, pile.count) for key, pile in piles])
        ages = [(key, pile.oldest_seconds) for key, pile in piles]
        yield _known(f"bdquickpay_{name}_oldest_seconds", f"{what}: age of the oldest.", ages)
    seen = health.last_webhook
    stamp = None if seen is None else seen.timestamp()
    yield _known("bdquickpay_last_webhook_timestamp_seconds", "The last webhook.", [({}, stamp)])
    yield from _of_periods({"hour": health.hour, "day": health.day})


def _by_status(open_: Mapping[str, Pile]) -> list[tuple[dict[str, str], Pile]]:
    return [({"status": status}, pile) for status, pile in open_.items()]


def _of_periods(periods: Mapping[str, Period]) -> Iterator[Family]:
    def each(values: Mapping[str, float | None]) -> list[tuple[dict[str, str], float | None]]:
        return [({"period": name}, value) for name, value in values.items()]

    def split(
        name: str, counts: Mapping[str, Mapping[str, int]]
    ) -> list[tuple[dict[str, str], float | None]]:
        return [
            ({"period": period, name: word}, count)
            for period, found in counts.items()
            for word, count in sorted(found.items())
        ]

    created = {name: float(period.created) for name, period in periods.items()}
    yield _known("bdquickpay_created", "Payments begun in the period.", each(created))
    completed = {name: period.completed for name, period in periods.items()}
    yield _known("bdquickpay_completed", "Payments paid in it.", split("source", completed))
    failed = {name: period.failed for name, period in periods.items()}
    yield _known("bdquickpay_failed", "Payments that failed in it.", split("reason", failed))
    for name, what in (
        ("median_seconds", "From begin to money: the median."),
        ("p95_seconds", "From begin to money: the 95th percentile."),
        ("webhook_lag_seconds", "From money to its webhook: the median."),
    ):
        known = {key: getattr(period, name) for key, period in periods.items()}
        yield _known(f"bdquickpay_{name}", what, each(known))


def _known(name: str, text: str, values: list[tuple[dict[str, str], float | None]]) -> Family:
    return Family(name, text, [(key, value) for key, value in values if value is not None])


def exposition(health: Health) -> str:
    """Return Prometheus' text format. Labels are words of ours: nothing in them needs escaping."""
    return "".join(f"{line}\n" for family in families(health) for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}"
    yield f"# TYPE {family.name} gauge"
    for labels, value in family.values:
        marks = ",".join(f'{name}="{word}"' for name, word in labels.items())
        yield f"{family.name}{{{marks}}} {value}" if marks else f"{family.name} {value}"
