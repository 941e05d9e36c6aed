"""Text and times as one line that can be shown anywhere, wherever they come from."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from decimal import Decimal

from .clock import DHAKA

#: Invisible, but Bangla is spelt with them.
JOINERS = "\u200c\u200d"
#: Controls (C0, DEL, C1), what turns the direction of writing or breaks the line, and halves of a
#: surrogate pair.
_COMMANDS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]"
)


def is_harmless(text: str) -> bool:
    """Whether it is one line that every database takes and every page may show.

    Letters of any script are, with the joiners that some are spelt with.
    """
    return _COMMANDS.search(text) is None


def harmless(text: str) -> str:
    """Return `text` with a question mark for each character that is not harmless."""
    return _COMMANDS.sub("?", text)


def is_printable(text: str) -> bool:
    """Whether it has nothing but characters that are seen, spaces and joiners."""
    return all(char.isprintable() or char in JOINERS for char in text)


def plain(value: object) -> str:
    """Return `value` as one line that can't command a terminal, whoever wrote it."""
    text = " ".join(str(value).split())
    return "".join(char if is_printable(char) else ascii(char)[1:-1] for char in text)


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    lines = str(error).strip().splitlines() or [""]
    return plain(lines[0])[:300]


def moment(value: datetime | None, zone: tzinfo = DHAKA, *, seconds: bool = False) -> str:
    """Return a time for people, in Dhaka unless another zone is wanted, which it does not name."""
    if value is None:
        return ""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return value.astimezone(zone).strftime(form)


def place(zone: tzinfo) -> str:
    """Return what people call a time zone."""
    return "Dhaka" if zone is DHAKA else str(zone)


def stamp(value: datetime | None, zone: tzinfo = DHAKA, *, seconds: bool = False) -> str:
    """Return a time for people that says where it is that time; nothing where there is none."""
    return f"{moment(value, zone, seconds=seconds)} {place(zone)}" if value else ""


def grouped(amount: Decimal) -> str:
    """Return an amount for people: 1,00,000.50, in lakhs as Bangladesh writes them."""
    whole, _, paisa = f"{amount.copy_abs():.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return f"{'-' if amount < 0 else ''}{','.join([*reversed(pairs), tail])}.{paisa}"


def taka(amount: Decimal | None) -> str:
    """Return an amount with its currency; nothing where there is none."""
    return "" if amount is None else f"{grouped(amount)} BDT"
