"""The sandbox behaves as the written description of the gateway says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from jsonschema_rs import Draft202012Validator
from schemathesis.config import GenerationConfig

from flask_bdquickpay.sandbox import APP_KEY, SECRET_KEY
from flask_bdquickpay.sandbox.server import SandboxServer

DESCRIPTION = Path(__file__).with_name("openapi.yaml")
DOCUMENT: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
HEADERS = {"X-App-Key": APP_KEY, "X-Secret-Key": SECRET_KEY}
ORDER = {
    "amount": 500,
    "customer_reference": "ORDER-001",
    "success_url": "http://localhost/success",
    "cancel_url": "http://localhost/cancel",
    "webhook_url": "http://localhost/webhook",
}

schema = schemathesis.openapi.from_path(DESCRIPTION)
schema.config.generation = GenerationConfig(
    deterministic=True,
    with_security_parameters=False,  # the keys have tests of their own
)


schema.config.phases.coverage.enabled = False  # it takes half a minute to be collected


@pytest.fixture(scope="module")
def gateway() -> Iterator[SandboxServer]:
    with SandboxServer(synchronous=True) as server:
        yield server


def validator(name: str) -> Draft202012Validator:
    wanted = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return Draft202012Validator(wanted, validate_formats=True)


@pytest.mark.thorough
@schema.parametrize()
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_sandbox_keeps_to_the_description(
    case: schemathesis.Case[Any], gateway: SandboxServer
) -> None:
    case.call_and_validate(base_url=gateway.base_url, headers=HEADERS)


def documented_examples() -> Iterator[Any]:
    """Every example beside a schema, wherever in the description it stands."""
    waiting: list[tuple[str, Any]] = [("", DOCUMENT)]
    while waiting:
        where, node = waiting.pop()
        if isinstance(node, dict):
            for name, example in node.get("examples", {}).items():
                yield pytest.param(node["schema"], example["value"], id=f"{where}/{name}")
            waiting += [(f"{where}/{key}", child) for key, child in node.items()]


@pytest.mark.parametrize(("wanted", "example"), list(documented_examples()))
def test_documented_example_is_valid(wanted: dict[str, Any], example: Any) -> None:
    whole = {**wanted, "components": DOCUMENT["components"]}
    Draft202012Validator(whole, validate_formats=True).validate(example)


def test_description_rejects_what_is_not_documented() -> None:
    pending: dict[str, Any] = {
        "invoice_id": "GALQYVTGASTRGOISR1FO",
        "amount": 500,
        "status": "pending",
    }
    answer = {"status": True, "message": "Payment retrieved successfully.", "data": pending}
    assert not validator("Verified").is_valid(answer)  # the transaction: null is documented
    pending["transaction"] = None
    assert validator("Verified").is_valid(answer)


def created(gateway: SandboxServer) -> dict[str, Any]:
    found: dict[str, Any] = requests.post(
        f"{gateway.base_url}/payment/create", json=ORDER, headers=HEADERS, timeout=5
    ).json()
    return found


def verified(gateway: SandboxServer, invoice_id: str) -> dict[str, Any]:
    body = {"invoice_id": invoice_id}
    found: dict[str, Any] = requests.post(
        f"{gateway.base_url}/payment/verify", json=body, headers=HEADERS, timeout=5
    ).json()
    validator("Verified").validate(found)
    return found


@pytest.mark.parametrize("end", ["pay", "cancel", "fail", "time_out"])
def test_verify_keeps_to_the_description_at_every_end(gateway: SandboxServer, end: str) -> None:
    answer = created(gateway)
    validator("Created").validate(answer)
    invoice_id = answer["invoice_id"]
    assert verified(gateway, invoice_id)["data"]["status"] == "pending"
    getattr(gateway.sandbox, end)(invoice_id, webhook=False)
    verified(gateway, invoice_id)


@pytest.mark.parametrize("end", ["pay", "fail", "time_out"])
def test_webhook_keeps_to_the_description(gateway: SandboxServer, end: str) -> None:
    gateway.sandbox.fault("late", seconds=60)  # nobody listens there
    getattr(gateway.sandbox, end)(created(gateway)["invoice_id"])
    validator("Event").validate(dict(gateway.sandbox.deliveries[0].body))
