"""Text and times as one line that can be shown anywhere, wherever they come from."""

from __future__ import annotations

from datetime import datetime, timezone

_JOINERS = "\u200c\u200d"  # invisible, but Bangla is spelt with them


def plain(value: object) -> str:
    """Return `value` as one line that can't command a terminal, whoever wrote it."""
    text = " ".join(str(value).split())
    return "".join(
        char if char.isprintable() or char in _JOINERS else ascii(char)[1:-1] for char in text
    )


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
