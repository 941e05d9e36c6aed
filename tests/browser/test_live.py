"""The sandbox's live page in a browser: what happens appears, and nobody loses their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, expect

from flask_bdquickpay.sandbox.server import SandboxServer

from .stage import new_payment

Visit = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(synchronous=True) as running:
        yield running


def test_what_happens_appears_without_losing_the_place(page: Page, server: SandboxServer) -> None:
    made = new_payment(server, "ORDER-1", webhook_url=f"{server.url}/nowhere")
    page.goto(server.url)
    story = page.locator(f"#story-{made['invoice_id']}")
    summary = story.locator("summary").first
    summary.click()
    summary.focus()
    server.sandbox.pay(made["invoice_id"])
    expect(story.locator(".who").last).to_have_text("gateway → shop")
    expect(story.locator(".word").first).to_have_text("completed")
    expect(story.locator("details").first).to_have_attribute("open", "")
    expect(summary).to_be_focused()
    expect(page.locator("#said")).to_contain_text("404")


@pytest.mark.thorough
def test_a_new_payment_comes_on_top(page: Page, server: SandboxServer) -> None:
    page.goto(server.url)
    page.locator("#scenario-webhook_twice").focus()
    for number in range(1, 3):
        made = new_payment(server, f"ORDER-{number}")
        first = page.locator(".story").first
        expect(first).to_have_id(f"story-{made['invoice_id']}")
    expect(page.locator(".story")).to_have_count(2)
    expect(page.locator("#nothing")).to_have_count(0)
    expect(page.locator("#scenario-webhook_twice")).to_be_focused()


@pytest.mark.thorough
def test_a_choice_made_elsewhere_is_shown(page: Page, server: SandboxServer) -> None:
    page.goto(server.url)
    server.sandbox.choose_scenario("close_tab")
    expect(page.locator("#scenario-close_tab")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#scenario-just_work")).to_have_attribute("aria-pressed", "false")


@pytest.mark.thorough
def test_a_command_is_copied(visitor: Visit, server: SandboxServer) -> None:
    with visitor(permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(server.url)
        page.click("#first-payment-copy")
        expect(page.locator("#first-payment-copy")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()").startswith("curl -X POST http")
        expect(page.locator("#first-payment-copy")).to_have_text("Copy")


@pytest.mark.thorough
def test_without_javascript_nothing_is_missing(visitor: Visit, server: SandboxServer) -> None:
    made = new_payment(server, "ORDER-1")
    with visitor(java_script_enabled=False) as page:
        page.goto(server.url)
        expect(page.locator("button.copy").first).to_be_hidden()
        server.sandbox.pay(made["invoice_id"])
        expect(page.locator(".story .what").last).to_contain_text("paid ৳1,234.50")
        page.click("a[href*='pause']")
        expect(page).to_have_url(re.compile(r"\?pause=1$"))
        page.goto(f"{server.url}/faults")
        expect(page.locator("[id='answer.status']")).to_be_hidden()
        page.check("input[value=answer]")
        expect(page.locator("[id='answer.status']")).to_be_visible()
        expect(page.locator("[id='latency.seconds']")).to_be_hidden()
