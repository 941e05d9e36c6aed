"""The sandbox's one error."""

from __future__ import annotations


class SandboxError(RuntimeError):
    """The sandbox cannot do what it was asked to; the message says what to do instead."""
