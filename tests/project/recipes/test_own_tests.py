"""The recipe "Your own tests"."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from .bench import Bench, block, readme_shop, run


@pytest.mark.thorough
def test_a_shops_own_tests_pass(bench: Bench) -> None:
    bench.copy("Your own tests")
    done = run(bench, f"python -m pytest -q -p no:cacheprovider {plugin()} test_shop.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


@pytest.mark.thorough
def test_a_shops_own_tests_find_a_bug(bench: Bench) -> None:
    bench.copy("Your own tests")
    bench.write("shop.py", readme_shop().replace('.status = "paid"', '.status = "lost"'))
    done = run(bench, f"python -m pytest -q -p no:cacheprovider {plugin()} test_shop.py")
    assert done.returncode == 1
    assert "4 failed, 3 passed" in done.stdout, done.stdout


def plugin() -> str:
    """What loads our plugin where the package is not installed."""
    installed = {found.name for found in entry_points(group="pytest11")}
    return "" if "flask_bdquickpay" in installed else "-p flask_bdquickpay.testing"


def test_the_race_takes_ten_lines_at_most() -> None:
    code = block("Your own tests", "test_shop.py")
    race = code.split("def test_webhook_and_return_at_once")[1]
    assert len(race.strip().splitlines()) <= 10
