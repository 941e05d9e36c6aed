"""The public test keys, which open nothing but a sandbox."""

from __future__ import annotations

APP_KEY = "sandbox-app-key"
SECRET_KEY = "sandbox-secret-key"  # noqa: S105 - everybody may know it
