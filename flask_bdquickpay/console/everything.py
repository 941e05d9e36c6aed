"""All commands: what imports this has registered them."""

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
