"""Why a payment is as it is, in the customer's language."""

from __future__ import annotations

import re

from ..payments.reasons import SENTENCES
from ..text import plain
from .language import translate

_PATTERNS = {
    sentence: re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.*)", re.escape(sentence)))
    for sentence in SENTENCES
}


def explain(reason: str) -> str:
    """Return a stored reason in the customer's language; as it is when it is not one of ours.

    Whoever wrote a part of it, it is one line that turns no text around it.
    """
    for sentence, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(reason):
            return plain(translate(sentence, **found.groupdict()))
    return plain(reason)
