"""The command line of the benchmarks."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from . import counts, crowds, gateway, imports, memory, pages, rows, served, sweeps, webhooks
from .bench import POSTGRESQL, SQLITE, Bench, Suite, servers
from .folders import fast_folder
from .plot import svg
from .report import Report, machine, replace_block

SUITES: dict[str, Suite] = {
    "webhook": webhooks.webhook,
    "duplicate": webhooks.duplicate,
    "wrong-key": webhooks.wrong_key,
    "gunicorn": served.served,
    "crowd": crowds.crowd,
    "sweep": sweeps.sweeps,
    "checkout": pages.checkout,
    "button": pages.button,
    "status": pages.status,
    "import": imports.imports,
    "memory": memory.memory,
    "rows": rows.rows,
    "statements": counts.statements,
}
#: These say the same whatever the database is.
_ONCE = ("import",)


@click.command(context_settings={"show_default": True})
@click.argument("suites", nargs=-1, type=click.Choice([*SUITES]), metavar="[SUITE]...")
@click.option(
    *("--database", "kinds"),
    multiple=True,
    type=click.Choice([SQLITE, POSTGRESQL]),
    default=(SQLITE, POSTGRESQL),
    help="May be given twice.",
)
@click.option("--rounds", default=15, help="Turns of each subject; a sweep has a fifth of it.")
@click.option("--batch", default=100, help="Requests in a turn.")
@click.option("--due", default=2000, help="Payments in a sweep.")
@click.option("--rows", default=0, help="Settled payments in the large table; 0: no such table.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write JSON there.")
@click.option("--svg", "svg_file", type=click.Path(path_type=Path), help="Draw the figures there.")
@click.option(
    *("--write", "page"),
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Replace the block of this page, such as docs/explanation/performance.md, and write "
    "JSON and SVG of its name beside it.",
)
def main(
    *,
    suites: tuple[str, ...],
    kinds: tuple[str, ...],
    rounds: int,
    batch: int,
    due: int,
    rows: int,
    json_file: Path | None,
    svg_file: Path | None,
    page: Path | None,
) -> None:
    """Measure the extension beside views by hand. SUITE: {suites}; all when none is named."""
    report = Report(machine() | {"rounds": f"{rounds}, of {batch} requests each"})
    logging.basicConfig(filename=os.devnull)  # formatted, and written nowhere
    with fast_folder() as folder, servers(kinds, folder) as makers, gateway.running() as running:
        for number, (kind, new_database) in enumerate(makers.items()):
            bench = Bench(kind, new_database, running, rounds, batch, due, rows)
            for name in suites or SUITES:
                if number == 0 or name not in _ONCE:
                    _run(name, bench, report)
    click.echo(report.as_markdown())
    _save(report, json_file, svg_file)
    if page is not None:
        text = f"\n![The figures as bars]({page.stem}.svg)\n\n{report.as_markdown()}\n"
        replace_block(page, "benchmarks", text)
        _save(report, page.with_suffix(".json"), page.with_suffix(".svg"))


main.help = (main.help or "").format(suites=", ".join(SUITES))


def _run(name: str, bench: Bench, report: Report) -> None:
    click.echo(f"{bench.database}: {name} …", err=True)
    for found in SUITES[name](bench):
        report.add(found)


def _save(report: Report, json_file: Path | None, svg_file: Path | None) -> None:
    if json_file is not None:
        json_file.write_text(report.as_json(), encoding="utf-8")
    if svg_file is not None:
        svg_file.write_text(svg(report.figures), encoding="utf-8")


if __name__ == "__main__":
    main()
