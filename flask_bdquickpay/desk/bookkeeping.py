"""The desk's pages about the books: the ledger, and the provider's statement held against it."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Generator
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from .. import clock
from ..errors import StatementError
from ..money import total
from ..payments.books import COLUMNS, Books, Movement, Span
from ..payments.statement import StatementReport, Statements
from ..state import current_state
from ..web.language import DHAKA
from . import exceptions, words
from .book_forms import DaysForm, StatementForm, months
from .export import as_csv, ledger_csv
from .forms import account_in
from .frame import FRESH, NAMELESS, Frame, download, is_old
from .language import M_, say
from .retold import retell

_logger = logging.getLogger(__name__)
_MAX_BYTES = 10 * 1024 * 1024
_AROUND = 64 * 1024  # the other fields, and what separates them
_TOO_LARGE = M_(
    "The file is larger than 10 MB: export a shorter period, or use “flask bdquickpay statement”."
)
_OTHER = M_("This is another file than the one that was checked. Nothing was applied: look first.")


class BookPages(Frame):
    """A statement is evidence, never a command: it completes, fails and refunds nothing."""

    def add_rules(self, blueprint: Blueprint) -> None:
        """Add the pages to the blueprint."""
        blueprint.add_url_rule("/books", "books", self.books)
        blueprint.add_url_rule("/books/ledger.csv", "ledger", self.ledger)
        blueprint.add_url_rule(
            "/books/statement", "statement", self.statement, methods=["GET", "POST"]
        )

    # The ledger

    def books(self) -> ResponseReturnValue:
        """What moved in some days, and the way to more."""
        periods = months(clock.utcnow().astimezone(DHAKA).date())
        if not request.args:
            return _to_books(**periods["Last month"])
        form = DaysForm(request.args)
        valid = form.validate()
        account, books = account_in(form.account), Books(current_state().store)
        totals = books.totals(form.span, account) if valid else {}
        page = self.render(
            "books.html",
            form=form,
            totals=totals,
            net=total(one.amount for one in totals.values()),
            periods={name: days | form.kept for name, days in periods.items()},
            upload=StatementForm(formdata=None),
        )
        return page, 200 if valid else 400

    def ledger(self) -> ResponseReturnValue:
        """The same rows as `flask bdquickpay ledger --csv` prints; or for a spreadsheet."""
        form = DaysForm(request.args)
        if not form.validate():
            return _to_books(**form.data)
        rows = _movements(form)
        if request.args.get("for") == "excel":
            lines = ledger_csv(rows)
        else:
            lines = as_csv(dict(zip(COLUMNS, COLUMNS, strict=True)), rows, lambda one: one.listed)
        name = "-".join(["ledger", *form.arguments().values()])
        return download(re.sub(r"[^a-z0-9-]", "", name) + ".csv", lines)

    # The statement

    def statement(self) -> ResponseReturnValue:
        """Check a statement; and in a second step, with the same file, stamp what it matched."""
        if request.method == "GET":
            return _to_books()
        if (request.content_length or _MAX_BYTES * 2) > _MAX_BYTES + _AROUND:
            return self._upload(StatementForm(formdata=None), say(_TOO_LARGE)), 413
        form = StatementForm()
        if not form.validate_on_submit():
            return self._upload(form, say(FRESH) if is_old(form) else ""), 400
        content = form.file.data.read()  # closed with the request, which keeps nothing of it
        try:
            return self._checked(form, content)
        except StatementError as error:
            return self._upload(form, _here(str(error))), 400

    def _checked(self, form: StatementForm, content: bytes) -> ResponseReturnValue:
        actor, mark = self.actor(), form.mark(content)
        if form.checked.data and actor is None:
            flash(say(NAMELESS), "error")
        elif form.checked.data == mark:
            return _applied(_check(form, content, apply=True), actor)
        elif form.checked.data:
            flash(say(_OTHER), "error")
        report = _check(form, content)
        shown = {"report": report, "mark": mark, "exceptions": exceptions, "actor": actor}
        return self.render("statement.html", form=form, problem="", **shown)

    def _upload(self, form: StatementForm, problem: str) -> str:
        return self.render("statement.html", form=form, problem=problem, report=None)


def _to_books(**days: Any) -> ResponseReturnValue:
    return redirect(url_for(".books", **days), code=303)


def _check(form: StatementForm, content: bytes, *, apply: bool = False) -> StatementReport:
    how: dict[str, Any] = {"day_first": form.day_first, "apply": apply}
    how["account"] = account_in(form.account)
    return Statements(current_state().store).check(io.BytesIO(content), form.mapping, **how)


def _applied(report: StatementReport, actor: str | None) -> ResponseReturnValue:
    _logger.info("%s applied a statement at the desk: %d cleared", actor, report.applied)
    rest = exceptions.count_of(report)
    said = say("Cleared: %(n)s payments and refunds.", n=words.number(report.applied))
    if rest:
        said += " " + say("Exceptions that remain: %(n)s.", n=words.number(rest))
    flash(said, "success")
    return _to_books()


def _movements(form: DaysForm) -> Generator[Movement, None, None]:
    """What moved, on a connection of its own, which outlives the request."""
    store, account = current_state().store, account_in(form.account)
    engine = store.engine
    return _stream(engine, Books(store), form.span, account)


def _stream(
    engine: Any, books: Books, span: Span, account: str | None
) -> Generator[Movement, None, None]:
    with engine.engine.connect() as connection:
        yield from books.on(connection).movements(span, account)


def _here(message: str) -> str:
    """An error of a statement, without what only the command line can do about it."""
    told = retell(message)
    if told != message or "--" not in message:
        return told
    head = message.partition("--")[0]
    return head[: max(head.rfind(". "), head.rfind(": "))] + ". " + say("Say it below.")
