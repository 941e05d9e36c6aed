"""Text and times as one line that can be shown anywhere, wherever they come from."""

from __future__ import annotations

import re
from datetime import datetime, timezone

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


def moment(value: datetime | None, *, seconds: bool = False) -> str:
    """Return a time for people, in UTC."""
    if value is None:
        return ""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return value.astimezone(timezone.utc).strftime(form)
