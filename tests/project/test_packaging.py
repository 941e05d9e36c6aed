"""What is shipped: wheel and sdist hold everything, and the wheel alone sells."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flask_bdquickpay"
JUNK = ("__pycache__", ".pyc", ".pyo", ".DS_Store", ".sqlite3")
#: Reaches the shop over HTTP, presses the button, pays at the sandbox, takes its webhook.
PURCHASE = """
import os, re, sys, threading
import requests
from werkzeug.serving import make_server
from flask_bdquickpay.sandbox.server import SandboxServer
import flask_bdquickpay

assert sys.prefix in flask_bdquickpay.__file__, flask_bdquickpay.__file__
with SandboxServer(app_key="app", secret_key="secret", synchronous=True) as gateway:
    os.environ |= {
        "FLASK_SECRET_KEY": "wheel",
        "FLASK_BDQUICKPAY_APP_KEY": "app",
        "FLASK_BDQUICKPAY_SECRET_KEY": "secret",
        "FLASK_BDQUICKPAY_BASE_URL": gateway.base_url,
    }
    import shop
    app = shop.create_app()
    with app.app_context():
        shop.db.session.add(shop.Order(reference="a1", total=500))
        shop.db.session.commit()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home, browser = f"http://127.0.0.1:{server.port}", requests.Session()
    page = browser.get(f"{home}/orders/a1").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    styles = re.search(r'href="([^"]+button.css[^"]*)"', page)
    assert styles is None or browser.get(home + styles[1]).status_code == 200
    there = browser.post(f"{home}/bdquickpay/checkout/a1", data={"csrf_token": token})
    assert there.url.startswith(gateway.url), there.url
    assert there.status_code == 200, there.text
    (payment,) = gateway.sandbox.payments
    waiting = browser.get(re.sub("[?&].*", "", payment.success_url))
    assert "bdqp" in waiting.text, waiting.text
    gateway.sandbox.pay(payment)
    assert gateway.sandbox.deliveries, "no webhook"
    back = browser.get(gateway.sandbox.return_url(gateway.sandbox.find(payment)))
    assert back.url == f"{home}/orders/a1", back.url
    assert back.text.strip() == "paid", back.text
    server.shutdown()
print("SOLD")
"""
#: Renders a page and reads a catalogue and a static file, wherever the package is.
RENDER = """
import flask, flask_bdquickpay, flask_sqlalchemy
app = flask.Flask("host")
app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", SECRET_KEY="k", BDQUICKPAY_LANGUAGE="bn")
app.config.update(BDQUICKPAY_APP_KEY="a", BDQUICKPAY_SECRET_KEY="s")
app.config.update(BDQUICKPAY_PUBLIC_URL="https://shop.example")
db = flask_sqlalchemy.SQLAlchemy(app)
flask_bdquickpay.BDQuickPay(app)
with app.app_context():
    db.create_all()
page = app.test_client().get("/bdquickpay/success/" + "x" * 40)
assert page.status_code == 404 and 'lang="bn"' in page.text, page.text
assert app.test_client().get("/bdquickpay/static/button.css").status_code == 200
print("RENDERED", flask_bdquickpay.__file__)
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist: those about to be published (`TEST_DIST`), else new ones."""
    if "TEST_DIST" in os.environ:
        return Path(os.environ["TEST_DIST"])
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


def run(command: list[str], folder: Path) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_below(folder: Path, root: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not any(junk in name for junk in JUNK):
            yield name


def expected() -> set[str]:
    """Every file of the package, and the templates below it."""
    templates = {f"flask_bdquickpay/{name}" for name in files_below(ROOT / "templates", ROOT)}
    return templates | set(files_below(PACKAGE, ROOT))


# What is in them


@pytest.mark.thorough
def test_the_wheel_holds_the_package_and_the_templates_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    assert {name for name in names if ".dist-info/" not in name} == expected()


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "templates/bdquickpay/base.html",
        "templates/bdquickpay/button.html",
        "web/static/button.css",
        "web/translations/bn/LC_MESSAGES/bdquickpay.po",
        "sandbox/templates/hosted.html",
        "sandbox/static/sandbox.css",
        "testing.py",
    ],
)
def test_the_wheel_holds_what_is_no_code(wheel: Path, name: str) -> None:
    assert zipfile.ZipFile(wheel).getinfo(f"flask_bdquickpay/{name}")


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    said = email.message_from_bytes(archive.read(info))
    assert said["Name"] == "Flask-BDQuickPay"
    assert said["Requires-Python"] == ">=3.10"
    assert said["License-Expression"] == "MIT"
    assert "# " in str(said.get_payload())
    entry_points = archive.read(info.replace("METADATA", "entry_points.txt")).decode()
    assert entry_points.split() == [
        "[pytest11]",
        "flask_bdquickpay",
        "=",
        "flask_bdquickpay.testing",
    ]
    assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())


def test_the_sdist_holds_what_the_wheel_and_the_tests_are_made_of(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = set(files_below(PACKAGE, ROOT)) | set(files_below(ROOT / "templates", ROOT))
    assert sources <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py"} <= names
    assert not [name for name in names if any(junk in name for junk in JUNK)]


def built(source: Path, folder: Path, *kinds: str) -> list[bytes]:
    """What hatchling makes of a source, at a moment of its own."""
    folder.mkdir()
    run([sys.executable, "-m", "hatchling", "build", "-d", str(folder), *kinds], source)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.mark.thorough
def test_whoever_builds_and_from_whichever_source_gets_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772323200")
    first, again = (built(ROOT, tmp_path / name) for name in ("first", "again"))
    assert len(first) == 2
    assert first == again
    (sdist,) = (tmp_path / "first").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("flask_bdquickpay-*/")
    assert built(source, tmp_path / "unpacked", "-t", "wheel")[0] in first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772409600")
    assert built(ROOT, tmp_path / "later") != first


# What they do, in an environment that has nothing but what the wheel asks for


def requirements(found: Distribution, extras: set[str]) -> Iterator[str]:
    for text in found.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}
        ):
            yield requirement.name


def closure(names: list[str]) -> dict[str, Distribution]:
    """The distributions of these names and all that they need."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in found:
            found[name] = distribution(name)
            waiting += requirements(found[name], set())
    return found


def link(found: Distribution, site: Path) -> None:
    """Make a distribution of this environment one of another."""
    for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        if not (site / top).exists():
            (site / top).symlink_to(Path(str(found.locate_file(top))))


def environment(folder: Path, names: list[str]) -> Path:
    """A new virtual environment with these distributions; its Python."""
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)], folder.parent)
    python = folder / "bin" / "python"
    site = run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder
    )
    for found in closure(names).values():
        link(found, Path(site.strip()))
    return python


def install(python: Path, *arguments: str) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
    run([*pip, *offline, *arguments], ROOT)


def needed(wheel: Path) -> list[str]:
    """What the wheel asks for without an extra."""
    archive = zipfile.ZipFile(wheel)
    info = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    said = email.message_from_bytes(archive.read(info)).get_all("Requires-Dist") or []
    return [Requirement(text).name for text in said if "extra ==" not in text]


def test_the_wheel_alone_sells(wheel: Path, tmp_path: Path) -> None:
    """The README's shop in a new environment: button, sandbox, webhook, paid."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "shop.py").write_text(
        re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[0], encoding="utf-8"
    )
    (tmp_path / "purchase.py").write_text(PURCHASE)
    python = environment(tmp_path / "venv", needed(wheel))
    install(python, str(wheel))
    assert run([str(python), "purchase.py"], tmp_path).endswith("SOLD\n")


@pytest.mark.thorough
def test_an_editable_install_renders(tmp_path: Path) -> None:
    asked = ["Flask", "Flask-SQLAlchemy", "Flask-WTF", "requests", "Babel", "rich"]
    python = environment(tmp_path / "venv", [*asked, "hatchling", "editables"])
    install(python, "-e", str(ROOT))
    told = run([str(python), "-c", RENDER], tmp_path)
    assert told == f"RENDERED {PACKAGE / '__init__.py'}\n"
