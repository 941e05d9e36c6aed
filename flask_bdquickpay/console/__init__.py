"""`flask bdquickpay …`: prints what the payments say."""

from . import (
    books,
    decisions,
    diagnosis,
    forgetting,
    links,
    metrics,
    payments,
    refunds,
    sandbox,
    statement,
    work,
)
from .group import commands

__all__ = [
    "books",
    "commands",
    "decisions",
    "diagnosis",
    "forgetting",
    "links",
    "metrics",
    "payments",
    "refunds",
    "sandbox",
    "statement",
    "work",
]
