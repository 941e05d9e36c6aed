"""Why payments do not work: one finding for each check, with the cure in it."""

from .examination import CHECKS, LONGEST_NAME, examine
from .findings import Finding, Level, Patient

__all__ = ["CHECKS", "LONGEST_NAME", "Finding", "Level", "Patient", "examine"]
