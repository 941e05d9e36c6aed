"""Amounts and dates as statements and spreadsheets write them; what can't be read is said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timezone, tzinfo
from decimal import Decimal

from ..errors import StatementError
from ..money import to_paisa

_CURRENCY = re.compile(r"^(?:bdt|tk\.?|taka|৳|টাকা)\s*|\s*(?:bdt|tk\.?|taka|৳|টাকা|/-)$", re.IGNORECASE)
_QUOTED = re.compile(r'\s*="(.*)"\s*')
_INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff]")
_SIGNS = re.compile(r"^([+-]?)(.*?)(-?)$")
_DEBIT = re.compile(r"\s*(dr|cr)\.?$", re.IGNORECASE)
#: Plain, in thousands, or in lakhs and crores.
_NUMBER = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3})(\.\d+)?")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_NUMERIC = re.compile(r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})(?:[ T,]+(.*))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(am|pm)?", re.IGNORECASE)
_WORDS = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d %b %y", "%d-%b-%Y", "%d-%b-%y")
#: Two-digit years are of this century: there was no bKash in the one before.
_CENTURY = 2000
#: Farther ones can't be reckoned with.
_YEARS = range(1900, 9000)
_BAD_DIRECTIVE = re.compile(r"(?<!%)(?:%%)*%(?![aAbBcdfGHIjmMpSuUVwWxXyYzZ%])")


class Unreadable(Exception):
    """A cell can't be read; the message says what is wrong with it."""


def latin(text: str) -> str:
    """Return a cell's text with Latin digits, without odd spaces or the `="…"` of a spreadsheet."""
    text = _INVISIBLE.sub("", text)
    quoted = _QUOTED.fullmatch(text)
    text = quoted[1] if quoted else text
    digits = "".join(
        str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char
        for char in text
    )
    return " ".join(digits.replace("\u00a0", " ").split())


def read_amount(cell: object) -> Decimal:
    """Return an amount in BDT; negative where the cell says that money left.

    :raises Unreadable: for what is none; it is never taken for 0.00.
    """
    if isinstance(cell, bool) or cell is None:
        raise Unreadable("the amount is empty")
    if isinstance(cell, float):  # of a workbook, which may be a little beside what was meant
        return _whole_poisha(Decimal(repr(round(cell, 6))))
    if isinstance(cell, (int, Decimal)):
        return _whole_poisha(Decimal(cell))
    text = latin(str(cell))
    if _SCIENTIFIC.fullmatch(text):
        raise Unreadable(f"{text} was turned into another number by a spreadsheet: export it anew")
    return _whole_poisha(_signed(text))


def _signed(text: str) -> Decimal:
    side = _DEBIT.search(text)
    bare = _bare(_DEBIT.sub("", text).replace("−", "-"))
    bracketed = bare.startswith("(") and bare.endswith(")")
    before, bare, after = _SIGNS.findall(_bare(bare.strip("()") if bracketed else bare))[0]
    if (before and after) or not _NUMBER.fullmatch(bare := _bare(bare)):
        raise Unreadable(f"{text!r} is no amount; poisha stand behind a point")
    number = Decimal(bare.replace(",", ""))
    left = "-" in before + after or bracketed or (side is not None and side[1].lower() == "dr")
    return number.copy_negate() if left else number


def _bare(text: str) -> str:
    return _CURRENCY.sub("", text).strip()


def _whole_poisha(amount: Decimal) -> Decimal:
    exact = to_paisa(amount)
    if not exact.is_finite():
        raise Unreadable(f"{amount} is no amount of money")
    if exact != amount:
        raise Unreadable(f"{amount} has more than two decimals")
    return exact


def read_trx_id(cell: object) -> str:
    """Return a transaction id.

    :raises Unreadable: for none, or one that a spreadsheet has made a number of.
    """
    if isinstance(cell, float) or _SCIENTIFIC.fullmatch(str(cell).strip()):
        raise Unreadable(
            f"the transaction id became the number {cell}: format that column as text, and export "
            "it anew"
        )
    text = "" if cell is None else latin(str(cell)).removeprefix("'")
    if not text or len(text) > 128 or not text.isprintable() or " " in text:
        raise Unreadable(f"{text!r} is no transaction id" if text else "no transaction id")
    return text


def is_day_first(cells: Iterable[object]) -> bool:
    """Whether the dates of a file have the day before the month, judged by all of them.

    :raises StatementError: when they could be either, or are both.
    """
    firsts, seconds, unclear = set(), set(), False
    for cell in cells:
        parts = _parts(cell)
        if parts is None or len(parts[0]) == 4:
            continue
        first, second = int(parts[0]), int(parts[1])
        firsts.add(first > 12)
        seconds.add(second > 12)
        unclear = unclear or first != second
    day_first, month_first = True in firsts, True in seconds
    if day_first and month_first:
        raise StatementError(
            "Some dates have the day first and some the month: correct them, or say --date-format."
        )
    if unclear and not day_first and not month_first:
        raise StatementError(
            "Day and month of the dates can't be told apart in the whole file: say --date-format, "
            "such as '%d/%m/%Y %H:%M'."
        )
    return not month_first


def check_date_format(form: str) -> None:
    """
    :raises StatementError: for what strptime does not know.
    """
    try:
        datetime.strptime("", form)  # noqa: DTZ007  # only tried
        unusable = False
    except re.error:  # a part that is named twice
        unusable = True
    except ValueError:
        unusable = _BAD_DIRECTIVE.search(form) is not None or "%" not in form
    if unusable:
        raise StatementError(
            f"{form!r} is no format of a date: write it as strptime wants it, such as "
            "'%d/%m/%Y %H:%M'."
        )


def read_moment(cell: object, zone: tzinfo, *, form: str | None, day_first: bool) -> datetime:
    """Return a time in UTC; a day without a time is its begin.

    :param zone: whose time it is where the cell does not say.
    :param form: strptime's format, when the caller knows it.
    :raises Unreadable: for what is none; it is never taken for today.
    """
    if isinstance(cell, datetime):
        found = cell
    elif isinstance(cell, date):
        found = datetime.combine(cell, time())
    elif cell is None or not str(cell).strip():
        raise Unreadable("the date is empty")
    else:
        found = _parsed(latin(str(cell)), form, day_first=day_first)
    if found.year not in _YEARS:
        raise Unreadable(f"{found:%Y-%m-%d} is no date of a statement")
    aware = found if found.tzinfo else found.replace(tzinfo=zone)
    return aware.astimezone(timezone.utc)


def _parsed(text: str, form: str | None, *, day_first: bool) -> datetime:
    try:
        if form is not None:
            return datetime.strptime(text, form)  # noqa: DTZ007  # the caller adds the zone
        return _numeric(text, day_first=day_first) or _in_words(text)
    except ValueError:
        raise Unreadable(f"{text!r} is no date") from None


def _parts(cell: object) -> tuple[str, str, str, str | None] | None:
    found = _NUMERIC.fullmatch(latin(cell)) if isinstance(cell, str) else None
    return None if found is None else (found[1], found[2], found[3], found[4])


def _numeric(text: str, *, day_first: bool) -> datetime | None:
    parts = _parts(text)
    if parts is None:
        return None
    first, second, third, rest = parts
    if len(first) == 4:
        if rest and re.search(r"[Z+]|-\d\d:\d\d$", rest):
            return datetime.fromisoformat(text.replace("Z", "+00:00").replace("/", "-"))
        year, month, day = int(first), int(second), int(third)
    else:
        day, month = (int(first), int(second)) if day_first else (int(second), int(first))
        year = int(third) + (_CENTURY if len(third) <= 2 else 0)
    return datetime.combine(date(year, month, day), _clock(rest))


def _clock(text: str | None) -> time:
    if not text:
        return time()
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    hour, half = int(found[1]), (found[4] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(text)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(found[2]), int(found[3] or 0))


def _in_words(text: str) -> datetime:
    """A date with the month's English name, with or without a time."""
    clock = re.search(r"\d{1,2}:\d{2}.*$", text)
    day = (text[: clock.start()] if clock else text).replace(",", " ")
    day = " ".join(day.split())
    for form in _WORDS:
        try:
            found = datetime.strptime(day, form)  # noqa: DTZ007  # the caller adds the zone
        except ValueError:
            continue
        return datetime.combine(found.date(), _clock(clock.group() if clock else None))
    raise ValueError(text)
