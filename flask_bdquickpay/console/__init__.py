"""`flask bdquickpay …`: prints what the payments say."""

from . import decisions, diagnosis, metrics, payments, sandbox, work
from .group import commands

__all__ = ["commands", "decisions", "diagnosis", "metrics", "payments", "sandbox", "work"]
