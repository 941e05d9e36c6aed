"""Fails unless a tag is the version and the changelog tells of it: `released.py v0.2.0`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def problems(tag: str, project: str, changelog: str) -> list[str]:
    """What keeps this tag from being a release."""
    found = re.search(r'^version = "([^"]+)"', project, re.MULTILINE)
    version = found[1] if found else "?"
    wrong = [] if tag == f"v{version}" else [f"The tag is {tag}, the version {version}."]
    headings = re.findall(r"^## (\S+)", changelog, re.MULTILINE)
    if version not in headings[:1]:
        wrong.append(f"The changelog does not begin with {version}, but with {headings[:1]}.")
    return wrong


if __name__ == "__main__":
    read = [
        (ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "CHANGELOG.md")
    ]
    sys.exit("\n".join(problems(sys.argv[1], *read)) or 0)
