"""`flask bdquickpay …`: prints what the service says."""

from __future__ import annotations

from flask.cli import AppGroup

commands = AppGroup("bdquickpay", help="bKash payments through bdQuickPay.")
