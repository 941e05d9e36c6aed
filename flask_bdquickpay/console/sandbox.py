"""A gateway to play with: `sandbox`."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
from rich.text import Text

from ..errors import ConfigurationError
from ..sandbox import APP_KEY, SECRET_KEY
from ..sandbox.server import LOOPBACK, SandboxServer
from ..settings import check_base_url, is_loopback
from .group import commands
from .terminal import console


def _tunnel(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    del ctx
    try:
        return value and check_base_url(value, str(param.opts[0]))
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from None


@commands.command(
    "sandbox",
    with_appcontext=False,
    epilog="""\b
    Examples:
      flask bdquickpay sandbox
      flask bdquickpay sandbox --port 5005 --state sandbox.sqlite3""",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5005,
    show_default=True,
    help="Where to listen; 0 takes a free one.",
)
@click.option("--host", default=LOOPBACK, show_default=True, help="Where to listen.")
@click.option("--allow-remote", is_flag=True, help="Let other machines in: they pay with nothing.")
@click.option(
    "--public-url", callback=_tunnel, help="Scheme and host for payment pages, behind a tunnel."
)
@click.option(
    "--state", type=click.Path(dir_okay=False), help="Keep its state in this file, not in memory."
)
def sandbox(
    port: int, host: str, allow_remote: bool, public_url: str | None, state: str | None
) -> None:
    """Run a stand-in for the gateway.

    No real money moves. Copy the settings that it prints into the shop's configuration.
    Ctrl-C ends it.
    """
    if not allow_remote and not is_loopback(host):
        raise click.UsageError(
            f"The sandbox listens on this machine only, not on {host}: whoever reaches it pays "
            "with nothing. --allow-remote lets them."
        )
    with SandboxServer(
        host=host, port=port, allow_remote=allow_remote, path=state, public_url=public_url
    ) as server:
        _print_sandbox(server, public_url)
        try:
            server.wait()
        except KeyboardInterrupt:
            click.echo("\nThe sandbox has ended.")


def _print_sandbox(server: SandboxServer, public_url: str | None) -> None:
    screen = console()
    screen.print(Text("SANDBOX: no real money moves.", "bold yellow"))
    screen.print(f"Its pages (live, payments, webhooks, faults): {server.url}\n")
    screen.print("Copy into the shop's configuration:")
    screen.print(f'  BDQUICKPAY_BASE_URL = "{server.base_url}"', soft_wrap=True)
    screen.print(f'  BDQUICKPAY_APP_KEY = "{APP_KEY}"')
    screen.print(f'  BDQUICKPAY_SECRET_KEY = "{SECRET_KEY}"')
    more = f'{{"dhaka": {{"app_key": "{APP_KEY}-dhaka", "secret_key": "{SECRET_KEY}-dhaka"}}}}'
    screen.print("Or several merchant accounts, each pair with an ending of its own:")
    screen.print(f"  BDQUICKPAY_ACCOUNTS = {more}", soft_wrap=True)
    if public_url:
        screen.print(f'  BDQUICKPAY_PAYMENT_HOSTS = ["{urlsplit(public_url).netloc}"]')
    if not is_loopback(urlsplit(server.url).hostname):
        screen.print("A shop takes this address only over HTTPS: put a TLS proxy before it.")
    screen.print("\nCtrl-C ends it.")
    screen.file.flush()
