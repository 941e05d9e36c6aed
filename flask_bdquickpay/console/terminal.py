"""How the command line writes: aligned text for people; output that is alone for programs."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from ..payments.status import PaymentStatus
from ..text import plain

#: Where nobody looks at a screen, no line is cut or wrapped.
_ENDLESS = 100_000
_GAP = 2  # between columns
_WRAPPED = 10  # the least width of what is wrapped
_STYLES = {
    PaymentStatus.COMPLETED: "green",
    PaymentStatus.FLAGGED: "bold red",
    PaymentStatus.FAILED: "red",
    PaymentStatus.PENDING: "yellow",
    PaymentStatus.CREATED: "yellow",
}


def console(stream: TextIO | None = None) -> Console:
    """Return where to write for people; colour and the screen's width only on a terminal."""
    stream = stream or sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    terminal = stream.isatty()
    width = None if terminal else _ENDLESS
    return Console(
        file=stream,
        force_terminal=terminal,
        width=width,
        markup=False,
        highlight=False,
        emoji=False,
    )


def status_text(status: PaymentStatus | None) -> Text:
    """Return a status in its colour."""
    return Text("" if status is None else status.value, _STYLES.get(status, "") if status else "")


#: What the desk calls a status, where that is another word.
_CALLED = {
    PaymentStatus.COMPLETED: "Paid",
    PaymentStatus.PENDING: "Waiting",
    PaymentStatus.CREATED: "Starting",
}


def status_words(status: PaymentStatus) -> Text:
    """Return a status as the desk calls it, with the word that programs know."""
    name = _CALLED.get(status)
    return Text(f"{name} ({status.value})" if name else status.value, _STYLES.get(status, ""))


def table(*headings: str) -> Table:
    """Return an empty table; a heading that ends in ``…`` may be wrapped, ``>`` is aligned right.

    The other columns keep their width, so that an id can be copied whole.
    """
    empty = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for heading in headings:
        wraps = heading.endswith("…")
        empty.add_column(
            heading.strip("…>"),
            justify="right" if heading.startswith(">") else "left",
            no_wrap=not wraps,
            overflow="fold",
        )
    return empty


def add_row(to: Table, *cells: object) -> None:
    """Add a row to a table; text is taken as it is, never as markup."""
    to.add_row(*(cell if isinstance(cell, Text) else _text(cell) for cell in cells))


def _text(cell: object) -> Text:
    return Text("" if cell is None else plain(cell))


def print_table(screen: Console, rows: Table) -> None:
    """Print a table; one that does not fit is wider than the screen, but loses nothing."""
    screen.width = max(screen.width, sum(map(_least, rows.columns)))
    screen.print(rows)


def _least(column: Column) -> int:
    widest = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
    return (widest if column.no_wrap else min(widest, _WRAPPED)) + _GAP


class Bar:
    """A progress bar on stderr, if that is a terminal: give it to what reports progress."""

    def __init__(self, title: str) -> None:
        self.done: int = 0
        screen = console(sys.stderr)
        columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(
            *columns, console=screen, disable=not screen.is_terminal, transient=True
        )
        self._task = self._progress.add_task(title, total=None)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, done: int, total: int) -> None:
        self.done = done
        self._progress.update(self._task, completed=done, total=total)


# For programs


@contextmanager
def output(*, alone: bool) -> Iterator[TextIO]:
    """Yield stdout; `alone` makes it UTF-8 and sends to stderr what anybody else prints or logs."""
    out = sys.stdout
    with ExitStack() as restored:
        if alone:
            restored.enter_context(_in_utf8(out))
            restored.enter_context(_others_on_stderr(out))
        yield out


@contextmanager
def _in_utf8(out: TextIO) -> Iterator[None]:
    """Programs read what is written, whatever a terminal could show."""
    if not isinstance(out, io.TextIOWrapper):
        yield
        return
    encoding, errors = out.encoding, out.errors
    out.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        yield
    finally:
        out.reconfigure(encoding=encoding, errors=errors)  # which writes what is left


@contextmanager
def _others_on_stderr(out: TextIO) -> Iterator[None]:
    aside = sys.stderr
    handlers = [handler for handler in _handlers() if handler.stream is out]
    sys.stdout = aside
    _move(handlers, aside)
    try:
        yield
    finally:
        sys.stdout = out if sys.stdout is aside else sys.stdout
        _move(handlers, out)


def _move(handlers: list[logging.StreamHandler[Any]], to: TextIO) -> None:
    for handler in handlers:
        handler.setStream(to)


def _handlers() -> Iterator[logging.StreamHandler[Any]]:
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler):
                yield handler
