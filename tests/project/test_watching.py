"""docs/howto/watching.md, its alerts and its dashboard: they ask for what there is."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Context, Group
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from flask_bdquickpay.console.everything import commands
from flask_bdquickpay.gateway import refusals
from flask_bdquickpay.metrics import collector
from flask_bdquickpay.payments import health
from flask_bdquickpay.payments.health import Health, Period

from ..benchmarks import year
from ..console.commandline import run
from ..databases import sqlite_alone  # noqa: F401  # its database_uri
from ..shop import Shop
from .source import ROOT

PAGE = (ROOT / "docs/howto/watching.md").read_text(encoding="utf-8")
ALERTS = ROOT / "docs/alerts.yml"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "docs/grafana-dashboard.json").read_text(encoding="utf-8"))
QUERIES: list[str] = [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
QUERIES += [one["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]


@pytest.fixture
def printed(shop: Shop) -> dict[str, list[Mapping[str, str]]]:
    """What `flask bdquickpay metrics` prints of a busy shop: the labels of each name."""
    with shop.app.app_context():
        year.fill(shop.db.engine, shop.app.extensions["bdquickpay"].models, 200_000)
    found: dict[str, list[Mapping[str, str]]] = {}
    for family in text_string_to_metric_families(run(shop, "metrics").stdout):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def asked() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Each metric that an alert or the dashboard asks for, with the values of its labels."""
    for query in [rule["expr"] for rule in RULES] + QUERIES:
        for name, labels in re.findall(r"(bdquickpay_\w+)(?:\{([^}]*)\})?", query):
            pairs = re.findall(r'(\w+)=~?"([^"]*)"', labels)
            yield name, {label: value.split("|") for label, value in pairs if label != "job"}


@pytest.mark.thorough
def test_every_metric_that_is_asked_for_is_printed(
    printed: dict[str, list[Mapping[str, str]]],
) -> None:
    names = {name for name, _ in asked()}
    assert len(names) > 15
    assert names - set(printed) == set()


@pytest.mark.thorough
def test_every_metric_that_is_printed_is_on_the_dashboard(
    printed: dict[str, list[Mapping[str, str]]],
) -> None:
    assert set(printed) - set(re.findall(r"bdquickpay_\w+", " ".join(QUERIES))) == set()


@pytest.mark.thorough
def test_every_label_that_is_asked_for_has_such_values(
    printed: dict[str, list[Mapping[str, str]]],
) -> None:
    words = {*health._FAILURES.values(), "hour", "day", "created", "pending"}
    for name, labels in asked():
        for label, values in labels.items():
            assert label in printed[name][0], name
            assert set(values) <= words, (name, label)


# The alerts


def test_every_alert_says_what_to_run() -> None:
    for rule in RULES:
        program, group, name, *options = rule["annotations"]["run"].split()
        assert (program, group) == ("flask", "bdquickpay"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description", "run"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        flags = [option for option in options if option.startswith("--")]
        assert set(flags) <= set(options_of(commands, name)), rule["alert"]


def options_of(group: Group, name: str) -> list[str]:
    command = group.get_command(Context(group), name)
    assert command is not None, name
    return [option for parameter in command.params for option in parameter.opts]


#: A shop without trouble: each series and how it goes on, a value a minute.
QUIET = {
    "bdquickpay_health_timestamp_seconds": "0+60x900",
    "bdquickpay_last_webhook_timestamp_seconds": "0+60x900",
    "bdquickpay_due_oldest_seconds": "30+0x900",
    "bdquickpay_events_due_oldest_seconds": "30+0x900",
    "bdquickpay_unbooked_oldest_seconds": "60+0x900",
    "bdquickpay_unannounced_oldest_seconds": "60+0x900",
    "bdquickpay_flagged_oldest_seconds": "3600+0x900",
    "bdquickpay_refunds_owed_oldest_seconds": "86400+0x900",
    'bdquickpay_open_oldest_seconds{status="created"}': "2+0x900",
    'bdquickpay_open_oldest_seconds{status="pending"}': "1700+0x900",
    'bdquickpay_created{period="hour"}': "40+0x900",
    'bdquickpay_completed{period="hour",source="webhook"}': "25+0x900",
    'bdquickpay_completed{period="hour",source="return"}': "2+0x900",
    'bdquickpay_failed{period="hour",reason="answer_lost"}': "2+0x900",
    'bdquickpay_failed{period="hour",reason="at_gateway"}': "30+0x900",
}
#: What goes wrong, and the alerts that fire.
TROUBLE: list[tuple[tuple[str, ...], dict[str, str]]] = [
    ((), {}),
    (("SweepStandsStill",), {"bdquickpay_due_oldest_seconds": "0+60x900"}),
    (("MoneyNotBooked",), {"bdquickpay_unbooked_oldest_seconds": "901+0x900"}),
    (("ShopNotTold",), {"bdquickpay_unannounced_oldest_seconds": "901+0x900"}),
    (("NoWebhook",), {"bdquickpay_last_webhook_timestamp_seconds": "0+0x900"}),
    (("NoWebhook",), {"bdquickpay_last_webhook_timestamp_seconds": "_x900"}),
    (("EventsNotDelivered",), {"bdquickpay_events_due_oldest_seconds": "3601+0x900"}),
    (("Flagged",), {"bdquickpay_flagged_oldest_seconds": "86401+0x900"}),
    (("RefundOwed",), {"bdquickpay_refunds_owed_oldest_seconds": "700000+0x900"}),
    (("RefundOwed", "RefundOverdue"), {"bdquickpay_refunds_owed_oldest_seconds": "864001+0x900"}),
    (("CreationLost",), {'bdquickpay_open_oldest_seconds{status="created"}': "901+0x900"}),
    (("PendingForever",), {'bdquickpay_open_oldest_seconds{status="pending"}': "300000+0x900"}),
    (("PaymentsFail",), {'bdquickpay_failed{period="hour",reason="answer_lost"}': "9+0x900"}),
    (("NotWatched",), {"bdquickpay_health_timestamp_seconds": "_x900"}),
    (("NotWatched",), {"bdquickpay_health_timestamp_seconds": "0+0x900"}),
    # Nobody is woken for a quiet night.
    (
        (),
        {
            'bdquickpay_created{period="hour"}': "3+0x900",
            'bdquickpay_failed{period="hour",reason="answer_lost"}': "3+0x900",
        },
    ),
    (
        (),
        {
            'bdquickpay_completed{period="hour",source="webhook"}': "0+0x900",
            'bdquickpay_completed{period="hour",source="return"}': "0+0x900",
            "bdquickpay_last_webhook_timestamp_seconds": "0+0x900",
        },
    ),
]


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("needs promtool (Debian: prometheus)")
    return found


def check(promtool: str, what: str, file: Path) -> None:
    command = [promtool, what, "rules", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr


def test_alerts_are_in_order(promtool: str) -> None:
    check(promtool, "check", ALERTS)


@pytest.mark.thorough
def test_each_alert_fires_when_it_should_and_no_other(promtool: str, tmp_path: Path) -> None:
    document = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [case(*one) for one in TROUBLE],
    }
    path = tmp_path / "alerts_test.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    check(promtool, "test", path)


def case(alerts: tuple[str, ...], trouble: dict[str, str]) -> dict[str, Any]:
    """That these alerts, and only they, fire at noon of such a day."""
    series = [{"series": name, "values": values} for name, values in (QUIET | trouble).items()]
    firing = [{"labels": f'{{alertname="BDQuickPay{name}"}}', "value": 1} for name in alerts]
    expression = 'count by (alertname) (ALERTS{alertstate="firing"})'
    expected = {"expr": expression, "eval_time": "12h", "exp_samples": firing}
    return {"interval": "1m", "input_series": series, "promql_expr_test": [expected]}


def test_each_alert_is_tried() -> None:
    tried = {f"BDQuickPay{name}" for alerts, _ in TROUBLE for name in alerts}
    assert tried == {rule["alert"] for rule in RULES}


# The dashboard


def test_every_query_of_the_dashboard_can_be_read(promtool: str, tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$job", ".*")}
        for number, query in enumerate(QUERIES)
        if not query.startswith("label_values(")
    ]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    check(promtool, "check", path)


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert max(x for x, _ in cells) < 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


# The page


def table(heading: str) -> list[list[str]]:
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*) \|$", part, re.MULTILINE)
    return [row.split(" | ") for row in rows]


def words(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_field_is_explained() -> None:
    rows = table("How the payments are")
    explained = {word.partition("[")[0] for first, *_ in rows for word in words(first)}
    assert explained == {field.name for field in dataclasses.fields(Health)}
    periods = words(rows[-1][-1])
    assert set(periods) == {field.name for field in dataclasses.fields(Period)}


def test_every_outcome_of_a_call_is_named() -> None:
    (row,) = [row for row in table("Observers") if row[0] == "`gateway_request`"]
    outcomes = {*refusals._OUTCOMES.values(), "ok", "throttled", "unavailable"}
    assert set(words(row[-1])) == outcomes | {"call", "create", "verify", "outcome"}


@pytest.fixture
def registry() -> Iterator[CollectorRegistry]:
    """The host's registry, which is left as it was."""
    before = set(REGISTRY._collector_to_names)
    yield REGISTRY
    for added in set(REGISTRY._collector_to_names) - before:
        REGISTRY.unregister(added)


def test_the_code_of_the_page_runs(shop: Shop, registry: CollectorRegistry) -> None:
    ours = {"bdquickpay": shop.bdquickpay, "create_app": lambda: shop.app}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(re.sub(r"^from shop import .*$", "", block, flags=re.MULTILINE), dict(ours))
    payment = shop.started()
    shop.gateway.pay(payment, webhook=False)
    shop.webhook(payment)
    value = registry.get_sample_value
    assert value("shop_gateway_seconds_count", {"call": "verify", "outcome": "ok"}) == 1
    assert value("shop_webhook_seconds_count", {"answer": "200"}) == 1
    assert value("bdquickpay_completed", {"period": "hour", "source": "webhook"}) == 1


def test_the_collector_says_what_the_command_prints(
    shop: Shop, registry: CollectorRegistry
) -> None:
    shop.started()
    registry.register(collector(shop.app))
    by_command = {
        (sample.name, *sample.labels.items())
        for family in text_string_to_metric_families(run(shop, "metrics").stdout)
        for sample in family.samples
    }
    by_collector = {
        (sample.name, *sample.labels.items())
        for family in registry.collect()
        for sample in family.samples
        if sample.name.startswith("bdquickpay_")
    }
    assert by_command == by_collector


def test_the_same_as_json(shop: Shop) -> None:
    shop.started()
    document = json.loads(run(shop, "metrics", "--json").stdout)
    assert set(document) == {field.name for field in dataclasses.fields(Health)}
    assert document["open"]["pending"]["count"] == 1
